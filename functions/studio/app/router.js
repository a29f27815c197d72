// Which view an address means. Addresses are #/mascots/{id}: the fragment is never sent to a server.

/** Shows the view of each address, one at a time: what an old one still waits for is given up. */
export class Router {
  #routes;
  #show;
  #current = new AbortController();

  /** `routes` are [pattern, view] with `:name` for a part; `show(view, parameters, signal, query)` shows one. */
  constructor(routes, show) {
    this.#routes = routes.map(([pattern, view]) => [new RegExp(`^${pattern.replace(/:(\w+)/g, "(?<$1>[0-9a-f-]{36})")}$`), view]);
    this.#show = show;
    addEventListener("hashchange", () => this.refresh());
  }

  refresh() {
    this.#current.abort();
    this.#current = new AbortController();
    const [path, query] = (location.hash.slice(1) || "/").split("?");
    for (const [pattern, view] of this.#routes) {
      const match = pattern.exec(path);
      if (match) return this.#show(view, { ...match.groups }, this.#current.signal, new URLSearchParams(query));
    }
    return this.#show(null, {}, this.#current.signal, new URLSearchParams());
  }

  stop() {
    this.#current.abort();
  }
}

export const go = (path) => {
  location.hash = `#${path}`;
};
