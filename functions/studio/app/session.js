// The key: in this tab, or on this device if somebody asks for that. It is in no URL that is sent.

const NAME = "mascotry.key";

/** The key that this browser has, or null. */
export const key = () => sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME);

export function keep(secret, { remember = false } = {}) {
  forget();
  (remember ? localStorage : sessionStorage).setItem(NAME, secret);
}

export function forget() {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
}

/** The key behind `#key=`, which is taken out of the address at once. A fragment is never sent to a server. */
export function takeFromAddress() {
  const match = /^#key=([\x21-\x7e]+)$/.exec(location.hash);
  if (!match) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return decodeURIComponent(match[1]);
}

/** Whether the page comes from this very machine: only there a link may sign anybody in. */
export const atHome = () => ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
