// Two versions side by side, over everything that may be behind them.
import { verdictBars } from "../charts.js";
import { h } from "../dom.js";
import { GROUNDS, figure, ground, stopper } from "../stage.js";
import { versionsOf } from "../versions.js";
import { when } from "../words.js";
import { reviewButtons } from "./review.js";

export async function show(page) {
  const { api, signal, parameters, query } = page;
  page.show("Compare", h("div", { class: "skeleton tall" }));
  const [item, assets] = await Promise.all([api.get(`/items/${parameters.item}`, { signal }), api.all(`/items/${parameters.item}/assets`, { signal })]);
  const versions = versionsOf(assets).filter((version) => version.ready.length);
  const of = (name, otherwise) => versions.find((version) => version.jobId === query.get(name)) ?? versions[otherwise];
  const sides = [of("a", 1), of("b", 0)].filter(Boolean);
  page.show(`Compare ${item.name}`,
    h("header", { class: "head" },
      h("nav", { class: "crumbs", "aria-label": "Where you are" }, h("a", { href: `#/items/${item.id}` }, item.name)),
      h("div", { class: "section-head" }, h("h1", { tabindex: -1 }, "Side by side"), stopper(document.getElementById("main")))),
    sides.length < 2
      ? h("div", { class: "empty" }, h("p", null, "There is only one version so far. Regenerate it, and compare."))
      : h("div", { class: "compare" },
          sides.map((version) => h("section", { class: "compare-side", "aria-label": `Version ${version.number}` },
            h("div", { class: "section-head" }, h("h2", null, `Version ${version.number}`), h("span", { class: "dim" }, when(version.at))),
            reviewButtons(page, version, () => show(page)),
            h("div", { class: "compare-grounds" }, GROUNDS.map(([kind, label]) => ground(kind, { class: "compare-ground" }, figure(version.files, `Version ${version.number} on ${label.toLowerCase()}`)))),
            version.verdict ? verdictBars(version.verdict) : h("p", { class: "dim" }, "Its still is of another version, and was compared then.")))));
}
