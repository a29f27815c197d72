// The API: one key, JSON in and out, every request with an end.

const TIMEOUT = 30_000;
const SLOW = 120_000;
const TRIES = 4;
const PATIENCE = 300_000; // for a write that is at work; no request of the API takes longer
const AGAIN = 2_000;

/** What the API, or the way to it, has against a request. */
export class Fault extends Error {
  constructor(status, { code, message, field, errors, ...details }) {
    super(message);
    Object.assign(this, { name: "Fault", status, code, field, errors: errors ?? [], details });
  }
}

export class Api {
  #key;

  constructor(key, base = "/v1", timeout = TIMEOUT) {
    this.#key = key;
    this.base = base;
    this.timeout = timeout;
  }

  get headers() {
    return { Authorization: `Bearer ${this.#key}` };
  }

  get = (path, { query, signal } = {}) => this.#data("GET", path, { query, signal });
  post = (path, body, { signal, name } = {}) => this.#data("POST", path, { body, signal, name });
  patch = (path, body, { signal } = {}) => this.#data("PATCH", path, { body, signal });
  delete = (path, { signal } = {}) => this.#data("DELETE", path, { signal });

  /** One page of a list: its entries and `pagination`. */
  async page(path, { query, signal } = {}) {
    const answer = await this.#send("GET", path, { query, signal });
    return { entries: answer.data, ...answer.meta.pagination };
  }

  /** All entries of a list, or the first `most`. */
  async all(path, { query, signal, most = 500 } = {}) {
    const found = [];
    for (let cursor; ; ) {
      const page = await this.page(path, { query: { ...query, limit: 100, cursor }, signal });
      found.push(...page.entries);
      cursor = page.next_cursor;
      if (!cursor || found.length >= most) return found;
    }
  }

  /** Store a picture; its asset. `told(share)` hears how much of it has been sent. */
  upload(file, { signal, told } = {}) {
    const form = new FormData();
    form.append("file", file);
    return this.#data("POST", "/upload", { form, signal, told, timeout: SLOW });
  }

  /** Make an item of a picture or a film that is there already. */
  import(collectionId, file, name) {
    const form = new FormData();
    form.append("name", name);
    form.append("file", file);
    return this.#data("POST", `/collections/${collectionId}/items/import`, { form, timeout: SLOW });
  }

  #data = async (...request) => (await this.#send(...request)).data;

  /** A write carries a name of its own, so that trying it again never does it twice: one that takes long
   *  is asked for again until its answer is there. */
  async #send(method, path, { query, body, form, signal, told, name = nameOfWrite(), timeout = this.timeout }) {
    const headers = this.headers;
    const until = Date.now() + PATIENCE;
    let late = false;
    if (method !== "GET") headers["Idempotency-Key"] = name;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const content = form ?? (body === undefined ? undefined : JSON.stringify(body));
    for (let tried = 1; ; tried++) {
      const patience = AbortSignal.timeout(timeout);
      const request = { method, headers, body: content, credentials: "omit", cache: "no-store", signal: either(signal, patience) };
      let fault;
      try {
        const response = await (told ? sent(this.base + path, request, told) : fetch(this.base + path + asked(query), request));
        const answer = await response.json().catch(() => null);
        if (response.ok && answer) return answer;
        fault = new Fault(response.status, answer?.error ?? { code: "unreachable", message: `The server answered ${response.status}, and said nothing more.` });
        fault.wait = Number(response.headers.get("Retry-After")) || undefined;
      } catch (error) {
        if (signal?.aborted) throw error;
        late ||= patience.aborted;
        fault = new Fault(0, patience.aborted
          ? { code: "timeout", message: `No answer came within ${timeout / 1000} seconds.` }
          : { code: "unreachable", message: "The server cannot be reached. Is it running, and are you online?" });
      }
      const isAtWork = method !== "GET" && (fault.code === "timeout" || (late && fault.status === 409));
      if (isAtWork && Date.now() < until) {
        await pause(AGAIN, signal);
        continue;
      }
      if (!mayHelp(fault) || tried >= TRIES) throw fault;
      await pause((fault.wait ?? 0.5 * 2 ** tried) * 1000, signal);
    }
  }
}

/** As `fetch`, which does not tell how much of a body has been sent. */
const sent = (url, { method, headers, body, signal }, told) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded, total }) => told(loaded / total));
    request.addEventListener("load", () => resolve(new Response(request.response, { status: request.status, headers: { "Retry-After": request.getResponseHeader("Retry-After") ?? "" } })));
    for (const end of ["error", "abort"]) request.addEventListener(end, () => reject(new TypeError(end)));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });

/** Whether asking again soon is worth it. A long wait is for people to decide on. */
const mayHelp = ({ status, code, wait = 0 }) =>
  wait <= 5 && (status === 0 ? code === "unreachable" : status === 503 || status === 429 || (status === 502 && code === "unreachable"));

const asked = (query) => {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  return given.length ? `?${new URLSearchParams(given)}` : "";
};

const either = (first, second) => (first ? AbortSignal.any([first, second]) : second);

/** A name for a write that no other has. */
export const nameOfWrite = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Wait, unless it is no longer wanted. */
export const pause = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
