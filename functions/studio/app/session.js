// The key: in the tabs of this browser, or on this device if somebody asks for that. It is in no URL that is sent.

const NAME = "mascotry.key";
const LEFT = "mascotry.left";
const PATIENCE = 250; // milliseconds in which another tab answers

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

/** The key that another tab of this browser has, or null: a link that was opened in a new tab goes on with it. */
export function shared() {
  if (sessionStorage.getItem(LEFT)) return null; // who has signed out here stays out
  return new Promise((resolve) => {
    const channel = new BroadcastChannel(NAME);
    const end = (found) => {
      channel.close();
      resolve(found);
    };
    const timer = setTimeout(end, PATIENCE, null);
    channel.addEventListener("message", ({ data }) => {
      if (!data.key) return;
      clearTimeout(timer);
      end(data.key);
    });
    channel.postMessage({ asks: true });
  });
}

/** Answer other tabs that ask for the key, and hear it when one of them signs out. */
export function share(left) {
  const channel = new BroadcastChannel(NAME);
  channel.addEventListener("message", ({ data }) => {
    if (data.asks && key()) channel.postMessage({ key: key() });
    if (data.leaves) left();
  });
  return {
    leave() {
      sessionStorage.setItem(LEFT, "true");
      channel.postMessage({ leaves: true });
    },
    enter: () => sessionStorage.removeItem(LEFT),
  };
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
