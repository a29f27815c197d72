// The interactive mascots of a character: state machines of poses and the films between them.
import { canvasCode } from "../canvas-code.js";
import { map } from "../canvas-map.js";
import { fill, h, unique } from "../dom.js";
import { ask } from "../dialog.js";
import { complain, explained, field, form, input, told } from "../forms.js";
import { icon } from "../icons.js";
import { Stage } from "../stage.js";
import { plural } from "../words.js";
import { ways } from "./ways.js";

const LOOK_AGAIN = 3_000;
const OWN = new Set(["clicked", "hovered", "loopCount", "nodeTime"]); // inputs that the player sets itself

export async function canvases(page, found, body, wanted) {
  const { api, signal } = page;
  const path = `/collections/${found.id}/canvases`;
  const [all, templates] = await Promise.all([api.all(path, { signal }), api.get("/canvas-templates", { signal })]);
  const again = (id) => canvases(page, found, body, id);
  const open = h("div", { class: "stack large" });
  const chips = h("div", { class: "chips", role: "group", "aria-label": "Canvases" });
  const choose = (canvas) => {
    for (const chip of chips.children) chip.setAttribute("aria-pressed", String(chip.dataset.id === canvas.id));
    return show(page, found, `${path}/${canvas.id}`, open, again);
  };
  fill(chips, all.map((canvas) => h("button", { type: "button", class: "chip", data: { id: canvas.id }, "aria-pressed": "false", onclick: () => choose(canvas) }, canvas.name)));
  fill(body, all.length > 1 && chips, open, make(page, path, templates, again, all.length === 0));
  if (all.length) await choose(all.find(({ id }) => id === wanted) ?? all.at(-1));
}

/** A new canvas, from a template. */
function make(page, path, templates, again, first) {
  const name = input({ value: first ? "Companion" : "", placeholder: "Companion", maxlength: 120 });
  const template = h("select", null, templates.map(({ id, name: label }) => h("option", { value: id }, label)));
  const about = h("p", { class: "dim" }, templates[0]?.description);
  template.addEventListener("change", () => (about.textContent = templates.find(({ id }) => id === template.value).description));
  return form({ class: "card stack" },
    async () => {
      const made = await page.api.post(path, { name: name.value.trim(), template_id: template.value });
      await again(made.id);
    },
    h("h2", null, first ? "Let it react" : "Another canvas"),
    h("p", { class: "dim" }, "A canvas is a mascot that reacts: poses are its states, films lead from one to the next, and your app says when."),
    h("div", { class: "fields" }, field("name", "Name", name), field("template_id", "Template", template)), about,
    h("div", { class: "row end" }, h("button", { type: "submit", class: "primary" }, icon("plus"), "Make it")));
}

/** One canvas: its states, how much of it is made, and the mascot itself as soon as it can play. */
async function show(page, found, path, place, changed) {
  const { api, signal } = page;
  const canvas = await api.get(path, { signal });
  const { status } = canvas;
  const again = () => show(page, found, path, place, changed);
  const current = map(canvas);
  const stage = new Stage();
  const trouble = h("div", { role: "alert" });
  const inputs = h("div", { class: "stack" });
  const code = h("div", null);
  fill(place, h("section", { class: "card stack", "aria-labelledby": "canvas" },
    h("div", { class: "section-head" }, h("h2", { id: "canvas" }, canvas.name),
      h("div", { class: "row" },
        h("button", { type: "button", class: "quiet", onclick: () => rename(api, path, canvas, changed) }, "Rename"),
        h("button", { type: "button", class: "quiet", onclick: () => remove(api, path, canvas, changed) }, "Delete"),
        production(page, path, canvas, again, trouble))),
    trouble,
    canvas.warnings.map(({ message }) => h("p", { class: "notice" }, icon("warning"), inWords(canvas, message))),
    h("div", { class: "columns even" }, h("div", { class: "stack" }, stage.element, inputs), current.element)),
    ways(api, path, canvas, again), code);
  if (!status.percent) return stage.show(h("div", { class: "sketch" }, icon("film"), h("p", null, "Nothing is made of it yet")));
  try {
    const exported = await api.get(`${path}/export`, { query: { extended: true, partial: true }, signal });
    await play(exported, stage, inputs, current);
    fill(code, canvasCode(exported, `${found.name}, ${canvas.name}`, status.complete));
  } catch (error) {
    if (!signal.aborted) fill(trouble, explained(error));
  }
}

/** A remark on a part of a canvas, which is called by its name instead of its id. Pure. */
function inWords({ nodes }, message) {
  const [, id, rest] = /^node '([^']+)': (.*)$/.exec(message) ?? [];
  const name = nodes.find((node) => node.id === id)?.name;
  return name ? `${name}: ${rest}.` : message;
}

/** The player, driven by buttons that stand for what an app would tell it. */
async function play(exported, stage, inputs, current) {
  await import("/mascot-player.js");
  const player = h("mascot-player", { class: "figure" });
  player.addEventListener("statechange", ({ detail }) => current.mark(detail.to));
  player.addEventListener("ready", () => current.mark(player.state));
  player.config = exported;
  stage.show(player);
  stage.stop.hidden = false;
  const known = (exported.inputs ?? []).filter((one) => !OWN.has(one.name) && !one.system);
  fill(inputs, known.length > 0 && [h("p", { class: "dim" }, "Try what your app would set:"), h("div", { class: "row", role: "group", "aria-label": "Inputs" }, known.map((one) => control(player, one)))]);
}

function control(player, { name, type, default: value }) {
  if (type === "trigger") return h("button", { type: "button", onclick: () => player.trigger(name) }, name);
  if (type === "number") {
    const id = unique("input");
    return h("span", { class: "row" }, h("label", { for: id }, name), h("input", { id, type: "number", class: "short", value: value ?? 0, onchange: (event) => player.setInput(name, Number(event.target.value)) }));
  }
  const button = h("button", { type: "button", "aria-pressed": String(Boolean(value)), onclick: () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    player.setInput(name, on);
  } }, name);
  return button;
}

function rename(api, path, canvas, changed) {
  const name = input({ value: canvas.name, maxlength: 120 });
  ask({ title: "Rename the canvas", agree: "Rename", fields: [field("name", "Name", name)] }, async () => {
    await api.patch(path, { name: name.value.trim() });
    await changed(canvas.id);
  });
}

function remove(api, path, canvas, changed) {
  ask({ title: `Delete ${canvas.name}?`, text: "What was made for it stays, and apps that have its export still play it.", agree: "Delete", danger: true }, async () => {
    await api.delete(path);
    await changed();
  });
}

/** How much is made, and a button for the rest, with its price. */
function production(page, path, canvas, again, trouble) {
  const { percent, complete, job } = canvas.status;
  if (complete) return h("span", { class: "tag succeeded" }, "Complete");
  if (job) {
    const timer = setTimeout(() => again().catch(() => {}), LOOK_AGAIN);
    page.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    return h("span", { class: "tag work" }, `At work, ${percent} %`);
  }
  return h("button", { type: "button", class: "primary", onclick: () => begin(page, path, again).catch((error) => complain(trouble, error)) }, icon("spark"), percent ? `Make the rest, ${percent} % is there` : "Make it all");
}

/** Ask how long films are to be, and tell the price, which is the most that will be paid. */
async function begin({ api, spent }, path, again) {
  const seconds = h("input", { type: "number", min: 1, max: 10, step: 0.5, value: 2, inputmode: "decimal" });
  const about = h("p", { "aria-live": "polite" });
  let quote;
  let asked = 0;
  const wanted = () => ({ duration: Number(seconds.value) });
  const price = () => api.post(`${path}/generate-all`, { dry_run: true, ...wanted() });
  const tell = async () => {
    const turn = ++asked;
    const found = await price().catch(() => null); // said when it is sent
    if (turn !== asked) return;
    quote = found;
    fill(about, quote && [plural(quote.planned_jobs, "picture or film", "pictures and films"), quote.reverse_free ? `, of which ${plural(quote.reverse_free, "way back", "ways back")} ${quote.reverse_free === 1 ? "is" : "are"} free.` : ".", h("span", { class: "price block" }, told({ cost_credits: quote.would_charge_credits }))]);
  };
  seconds.addEventListener("input", tell);
  await tell();
  ask({ title: "Make all that is missing?", agree: "Begin", fields: [field("duration", "Seconds of each film", seconds, { hint: "A way that has seconds of its own keeps them." }), about] }, async () => {
    quote ??= await price(); // nothing is begun without one
    await api.post(`${path}/generate-all`, { ...wanted(), max_credits: quote.would_charge_credits });
    spent();
    await again();
  });
}
