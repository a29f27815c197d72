// Where it begins: who is there, which view is asked for, and the bar above all of them.
import { Api } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { explained } from "./forms.js";
import { icon, logo } from "./icons.js";
import { Router } from "./router.js";
import * as session from "./session.js";
import { signIn } from "./views/signin.js";

const main = document.getElementById("main");
const bar = document.getElementById("bar");

/** What a view gets: the API, its address, and the room to show itself in. */
class Page {
  constructor(api, parameters, query, signal) {
    Object.assign(this, { api, parameters, query, signal });
  }

  /** Show the view under a title, which is also told to who listens. */
  show(title, ...content) {
    if (this.signal.aborted) return;
    document.title = `${title} – Mascotry`;
    fill(main, h("div", { class: "page" }, content));
  }

  /** How many credits are left, asked for again. Nobody is stopped when that fails. */
  spent = () => showCredits(this.api).catch(() => {});
}

const router = new Router(
  [
    ["/", "home"],
    ["/projects/:project", "home"],
    ["/mascots/:mascot", "mascot"],
    ["/items/:item", "item"],
    ["/items/:item/compare", "compare"],
    ["/credits", "credits"],
  ],
  show,
);
let api = null;
let first = true;

/** Show a view, which is a module of that name, loaded when it is asked for. */
async function show(name, parameters, signal, query) {
  if (!api || location.hash === "#/key") return askForKey();
  scrollTo(0, 0);
  mark();
  const page = new Page(api, parameters, query, signal);
  if (!name) return page.show("Nothing here", nothing());
  main.setAttribute("aria-busy", "true");
  try {
    const { show: view } = await import(`./views/${name}.js`);
    await view(page);
    if (!first && !signal.aborted) main.querySelector("h1")?.focus();
    first = false;
    announce(document.title);
  } catch (error) {
    if (signal.aborted) return;
    if (error.status === 401) return askForKey(error);
    page.show("Something went wrong", broken(error));
  } finally {
    if (!signal.aborted) main.removeAttribute("aria-busy");
  }
}

const nothing = () =>
  h("div", { class: "empty" }, h("h1", { tabindex: -1 }, "There is nothing at this address"), h("p", null, "It may have been deleted, or the link is not whole."), h("a", { class: "button", href: "#/" }, "To your mascots"));

const broken = (error) =>
  h(
    "div",
    { class: "empty" },
    h("h1", { tabindex: -1 }, error.status === 404 ? "It is not there" : "This could not be shown"),
    explained(error),
    h("div", { class: "row centred" }, h("button", { type: "button", class: "primary", onclick: () => router.refresh() }, "Try again"), h("a", { class: "button", href: "#/" }, "To your mascots")),
  );

function askForKey(error, suggested) {
  api = null;
  fill(bar, brand(), theme);
  document.title = "Sign in – Mascotry";
  fill(main, signIn({ error, suggested, enter }));
}

/** Let somebody in whose key opens something; a Fault if it does not. */
async function enter(secret, remember) {
  const tried = new Api(secret);
  const credits = await tried.get("/credits");
  session.keep(secret, { remember });
  others.enter();
  api = tried;
  showBar(credits);
  if (location.hash === "#/key") location.hash = "#/";
  else router.refresh();
}

function left() {
  session.forget();
  router.stop();
  askForKey();
}

function leave() {
  others.leave();
  left();
}

const others = session.share(left);

// --- the bar -------------------------------------------------------------------------------------

const theme = themeSwitch();
const balance = h("a", { class: "balance", href: "#/credits" });

function showBar(credits) {
  fill(
    bar,
    brand(),
    h("nav", { "aria-label": "Studio" }, h("a", { href: "#/", data: { under: "/ /projects /mascots /items" } }, "Mascots"), h("a", { href: "#/credits", data: { under: "/credits" } }, "Credits"), h("a", { href: "/v1/docs" }, "API")),
    balance,
    theme,
    h("button", { type: "button", class: "quiet signout", "aria-label": "Sign out", onclick: leave }, icon("leave"), h("span", null, "Sign out")),
  );
  tell(credits);
}

const brand = () => h("a", { class: "brand", href: "#/", "aria-label": "Mascotry, to your mascots" }, logo(), h("span", null, "Mascotry"));

async function showCredits(of) {
  tell(await of.get("/credits"));
}

function tell({ available, unlimited }) {
  const text = unlimited ? "unlimited" : available.toLocaleString("en");
  fill(balance, h("span", { class: "coin", "aria-hidden": "true" }), h("strong", null, text), h("span", { class: "visually-hidden" }, " credits left"));
}

function mark() {
  const path = `/${location.hash.slice(2).split(/[/?]/)[0]}`;
  for (const link of bar.querySelectorAll("nav a[data-under]")) {
    if (link.dataset.under.split(" ").includes(path)) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function themeSwitch() {
  const { dataset } = document.documentElement;
  const dark = () => dataset.theme === "dark";
  const button = h("button", { type: "button", class: "icon-button theme" });
  const tell = () => {
    fill(button, icon(dark() ? "sun" : "moon"));
    button.setAttribute("aria-label", dark() ? "Light colours" : "Dark colours");
  };
  button.addEventListener("click", () => {
    dataset.theme = dark() ? "light" : "dark";
    localStorage.setItem("mascotry.theme", dataset.theme);
  });
  new MutationObserver(tell).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  tell();
  return button;
}

// --- the beginning -------------------------------------------------------------------------------

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

async function begin() {
  const given = session.takeFromAddress();
  if (given && !session.atHome()) return askForKey(undefined, given); // a link from anywhere signs nobody in
  const secret = given ?? session.key() ?? (await session.shared());
  if (!secret) return askForKey();
  fill(bar, brand(), theme);
  try {
    await enter(secret, !given && localStorage.getItem("mascotry.key") !== null);
  } catch (error) {
    if (error.status === 401 || error.status === 403) {
      session.forget();
      return askForKey(error);
    }
    fill(main, h("div", { class: "page" }, h("div", { class: "empty" }, h("h1", null, "The studio cannot reach its server"), explained(error), h("button", { type: "button", class: "primary", onclick: begin }, "Try again"))));
  }
}

addEventListener("hashchange", () => {
  if (location.hash.startsWith("#key=")) begin(); // the link of `make dev`, opened in this very tab
});

begin();
