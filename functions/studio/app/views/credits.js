// What is left to spend, and where it went.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { capital, credits, when } from "../words.js";

const KINDS = { grant: "Granted", hold: "Held", capture: "Spent", release: "Given back", expiry: "Expired" };
const PRICES = [["An image, an edit", "1"], ["A logo", "5"], ["A film, each second", "5"], ["Cut-outs, formats, sizes, ways back, retakes", "free"]];

export async function show(page) {
  const { api, signal } = page;
  page.show("Credits", h("h1", { tabindex: -1 }, "Credits"), h("div", { class: "skeleton tall" }));
  const [balance, history] = await Promise.all([api.get("/credits", { signal }), api.page("/credits/history", { signal })]);
  const rows = h("tbody", null, history.entries.map(row));
  page.show(
    "Credits",
    h("h1", { tabindex: -1 }, "Credits"),
    h("div", { class: "purses" }, balance.unlimited ? unlimited() : purses(balance), prices()),
    h("section", { class: "card", "aria-labelledby": "history" },
      h("h2", { id: "history" }, "History"),
      history.entries.length
        ? [h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "History, scrollable" }, h("table", null, h("thead", null, h("tr", null, ["What", "Credits", "For", "When"].map((name) => h("th", { scope: "col" }, name)))), rows)), more(page, rows, history)]
        : h("div", { class: "empty small" }, icon("spark"), h("p", null, "Nothing was spent yet."))),
  );
}

const unlimited = () =>
  h("div", { class: "card purse" }, h("p", { class: "dim" }, "Left to spend"), h("p", { class: "figure-large" }, "Unlimited"), h("p", null, "This installation counts credits, and refuses nobody."));

const purses = ({ available, held, buckets }) => [
  h("div", { class: "card purse" }, h("p", { class: "dim" }, "Left to spend"), h("p", { class: "figure-large" }, available.toLocaleString("en")),
    h("p", null, held ? `${credits(held)} more are held by what is under way, and come back if they are not needed.` : "Nothing is held.")),
  h("div", { class: "card purse" }, h("p", { class: "dim" }, "Of that"),
    h("dl", { class: "pairs" },
      h("dt", null, "Subscription"), h("dd", null, `${buckets.subscription.available.toLocaleString("en")}${buckets.subscription.ends_at ? `, until ${when(buckets.subscription.ends_at)}` : ""}`),
      h("dt", null, "Top-up"), h("dd", null, buckets.topup.available.toLocaleString("en")))),
];

const prices = () =>
  h("div", { class: "card purse" }, h("p", { class: "dim" }, "What things cost"), h("dl", { class: "pairs prices" }, PRICES.map(([what, cost]) => [h("dt", null, what), h("dd", null, cost)])));

function row({ kind, amount, item_id: item, item_name: name, reference, at }) {
  const sign = { grant: "+", release: "+", capture: "−", expiry: "−" }[kind] ?? "";
  return h("tr", null, h("td", null, h("span", { class: `tag ${kind}` }, KINDS[kind] ?? capital(kind))), h("td", { class: "number" }, `${sign}${amount.toLocaleString("en")}`),
    h("td", null, item ? h("a", { href: `#/items/${item}` }, name ?? "an item") : reference ?? "–"), h("td", { class: "dim" }, when(at)));
}

function more(page, rows, { next_cursor: first }) {
  if (!first) return null;
  let cursor = first;
  const button = h("button", { type: "button", onclick: async () => {
    const next = await page.api.page("/credits/history", { query: { cursor }, signal: page.signal });
    rows.append(...next.entries.map(row));
    cursor = next.next_cursor;
    if (!cursor) button.remove();
  } }, "Earlier ones");
  return button;
}
