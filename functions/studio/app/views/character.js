// What keeps a mascot the same: its references, the style card, the cautions, and how far pictures drift.
import { drift, series } from "../charts.js";
import { announce, fill, h } from "../dom.js";
import { area, complain, explained, field, form } from "../forms.js";
import { icon } from "../icons.js";
import { References } from "../references.js";
import { versionsOf } from "../versions.js";
import { capital, percent, plural, when } from "../words.js";

const LOOKED_AT = 20;
const LEAST = 0.01; // of the figure: colours of less are those of edges

export async function character(page, found, body) {
  const { api, signal } = page;
  const path = `/collections/${found.id}`;
  const [cautions, pictures, editions] = await Promise.all([
    api.get(`${path}/cautions`, { signal }),
    Promise.all(found.config.reference_asset_ids.map((id) => api.get(`/assets/${id}`, { signal }))),
    found.config.style_card ? api.page(`${path}/style-card/versions`, { signal, query: { limit: 10 } }) : { entries: [] },
  ]);
  const card = h("section", { class: "card stack", "aria-labelledby": "style-card" });
  showCard(page, path, card, found.config.style_card, editions.entries);
  fill(body, h("div", { class: "columns" },
    h("div", { class: "stack large" }, card, h("section", { class: "card stack", "aria-labelledby": "drift" }, h("h2", { id: "drift" }, "How alike pictures are"), driftCharts(page, path))),
    h("div", { class: "stack large" }, referencesCard(page, path, pictures), cautionsCard(page, path, cautions))));
}

// --- references ----------------------------------------------------------------------------------

function referencesCard(page, path, pictures) {
  const references = new References(page.api, {
    added: (asset) => page.api.post(`${path}/references`, { asset_id: asset.id }),
    removed: (id) => page.api.delete(`${path}/references/${id}`),
  });
  references.show(pictures);
  return h("section", { class: "card stack", "aria-labelledby": "references" }, h("h2", { id: "references" }, "References"), h("p", { class: "dim" }, "They go to the artist with every prompt. A change of them clears the style card; the next picture makes a new one."), references.element);
}

// --- the style card ------------------------------------------------------------------------------

function showCard(page, path, section, card, editions) {
  const title = h("h2", { id: "style-card" }, "Style card");
  if (!card) {
    fill(section, title, h("div", { class: "empty small" }, icon("spark"), h("p", null, "It is measured with the first picture that is accepted.")));
    return;
  }
  const trouble = h("div", { role: "alert" });
  const change = async (values, said) => {
    try {
      const changed = await page.api.patch(`${path}/style-card`, values);
      const { entries } = await page.api.page(`${path}/style-card/versions`, { query: { limit: 10 } });
      showCard(page, path, section, changed, entries);
      section.querySelector("button")?.focus();
      announce(said);
    } catch (error) {
      complain(trouble, error);
    }
  };
  const lock = h("button", { type: "button", "aria-pressed": String(card.locked), onclick: () => change({ locked: !card.locked }, card.locked ? "The card learns again" : "The card is locked") }, icon(card.locked ? "lock" : "unlock"), card.locked ? "Locked" : "Lock");
  fill(section,
    h("div", { class: "section-head" }, title, h("div", { class: "row" }, h("span", { class: "dim" }, `Edition ${card.version}, from ${plural(card.pictures, "picture")}`), lock)),
    h("ul", { class: "swatches" }, card.palette.filter(({ share }) => share > LEAST).map(swatch)),
    h("dl", { class: "pairs" },
      h("dt", null, "Outline"), h("dd", null, card.line ? [dot(card.line.colour), `${percent(card.line.weight)} of its size`] : "none"),
      h("dt", null, "Shading"), h("dd", null, `${capital(card.shading.kind.replace("_", "-"))}, ${percent(card.shading.amount)} in shadow`),
      h("dt", null, "Aspect"), h("dd", null, `${card.proportions.aspect.toFixed(2)} wide to 1 high`),
      h("dt", null, "Head"), h("dd", null, `${percent(card.proportions.head)} of its size`),
      card.features.length > 0 && [h("dt", null, "Features"), h("dd", null, card.features.join(", "))]),
    summary(card, change),
    editions.length > 1 && changes(page, path, editions),
    trouble);
}

const swatch = ({ name, hex, share }) =>
  h("li", { class: "swatch" }, h("span", { class: "swatch-colour", vars: { colour: hex } }), h("span", { class: "swatch-name" }, name), h("code", null, hex), h("span", { class: "swatch-share", vars: { share } }, percent(share)));

const dot = (colour) => h("span", { class: "dot", vars: { colour } });

function summary(card, change) {
  const text = area({ value: card.summary, rows: 4 });
  return h("details", null, h("summary", null, "What prompts say of the style"),
    form({ class: "stack" }, () => change({ summary: text.value }, "Saved"), field("summary", "Style, in words", text, { wide: true, hint: card.locked ? undefined : "Your words stay; the numbers go on learning from pictures until the card is locked." }), h("div", { class: "row end" }, h("button", { type: "submit" }, "Save"))));
}

function changes(page, path, editions) {
  const list = h("ul", { class: "changes" });
  const details = h("details", null, h("summary", null, "What has changed"), list);
  details.addEventListener("toggle", async () => {
    if (!details.open || list.childElementCount) return;
    const [latest] = editions;
    const { changes: lines } = await page.api.get(`${path}/style-card/diff`, { query: { from: latest.version - 1, to: latest.version }, signal: page.signal });
    fill(list, lines.length ? lines.map((line) => h("li", null, line)) : h("li", null, "Nothing that can be said in words."), h("li", { class: "dim" }, `Edition ${latest.version}, ${when(latest.created_at)}`));
  });
  return details;
}

// --- cautions ------------------------------------------------------------------------------------

function cautionsCard(page, path, cautions) {
  return h("section", { class: "card stack", "aria-labelledby": "cautions" },
    h("h2", { id: "cautions" }, "Cautions"),
    h("p", { class: "dim" }, "What pictures got wrong; the next prompts warn of it. After eight in a row that are right, a caution is gone."),
    cautions.length ? h("ul", { class: "cautions" }, cautions.map((caution) => cautionRow(page, path, caution))) : h("div", { class: "empty small" }, icon("check"), h("p", null, "None: it has stayed itself so far.")));
}

function cautionRow(page, path, caution) {
  const row = h("li", { class: "caution" });
  const show = (current) => {
    const text = area({ value: current.text, rows: 2, maxlength: 400, "aria-label": "Caution" });
    const save = (values) => page.api.patch(`${path}/cautions/${current.id}`, values).then((changed) => { show(changed); announce("Saved"); });
    row.classList.toggle("retired", current.retired);
    fill(row, form({ class: "stack" }, () => save({ text: text.value }),
      field("text", `Seen ${current.count === 1 ? "once" : `${current.count} times`}, last ${when(current.last_seen)}`, text, { wide: true }),
      h("div", { class: "row end" },
        h("span", { class: "tag" }, current.retired ? "Retired" : current.edited ? "In your words" : "In force"),
        h("button", { type: "button", onclick: () => save({ retired: !current.retired }).catch((error) => complain(row.querySelector(".form-fault"), error)) }, current.retired ? "Bring back" : "Retire"),
        h("button", { type: "submit" }, "Save"))));
  };
  show(caution);
  return row;
}

// --- drift ---------------------------------------------------------------------------------------

/** Verdicts of the latest pictures, oldest first: each item is asked for, so there is a limit. */
function driftCharts(page, path) {
  const { api, signal } = page;
  const box = h("div", { class: "drifts" }, h("div", { class: "skeleton line" }));
  (async () => {
    const { entries: items } = await api.page(`${path}/items`, { query: { latest: true, limit: LOOKED_AT }, signal });
    const verdicts = [];
    for (const item of items) {
      const versions = versionsOf(await api.all(`/items/${item.id}/assets`, { signal }));
      verdicts.push(...versions.filter((version) => version.verdict).map((version) => ({ at: version.at, checks: version.verdict.checks })));
    }
    verdicts.sort((one, other) => (one.at < other.at ? -1 : 1));
    const found = series(verdicts);
    fill(box, found.length ? found.map((one) => drift(one, verdicts.length)) : h("div", { class: "empty small" }, h("p", null, "There is no picture to compare yet.")));
  })().catch((error) => signal.aborted || fill(box, explained(error)));
  return box;
}
