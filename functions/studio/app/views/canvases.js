// The interactive mascots of a character: state machines of poses and the films between them.
import { fill, h, svg, unique } from "../dom.js";
import { ask } from "../dialog.js";
import { explained, field, form, input, told } from "../forms.js";
import { icon } from "../icons.js";
import { Stage } from "../stage.js";

const SIZE = 360;
const RADIUS = { map: 128, node: 30 };
const LOOK_AGAIN = 3_000;
const OWN = new Set(["clicked", "hovered", "loopCount", "nodeTime"]); // inputs that the player sets itself

export async function canvases(page, found, body) {
  const { api, signal } = page;
  const path = `/collections/${found.id}/canvases`;
  const [all, templates] = await Promise.all([api.all(path, { signal }), api.get("/canvas-templates", { signal })]);
  const open = h("div", { class: "stack large" });
  const choose = (canvas) => show(page, `${path}/${canvas.id}`, open);
  fill(body,
    all.length > 0 && h("div", { class: "chips", role: "group", "aria-label": "Canvases" }, all.map((canvas) => h("button", { type: "button", class: "chip", onclick: () => choose(canvas) }, canvas.name))),
    open,
    make(page, path, templates, () => canvases(page, found, body), all.length === 0));
  if (all.length) await choose(all.at(-1));
}

/** A new canvas, from a template. */
function make(page, path, templates, done, first) {
  const name = input({ value: first ? "Companion" : "", placeholder: "Companion", maxlength: 120 });
  const template = h("select", null, templates.map(({ id, name: label }) => h("option", { value: id }, label)));
  const about = h("p", { class: "dim" }, templates[0]?.description);
  template.addEventListener("change", () => (about.textContent = templates.find(({ id }) => id === template.value).description));
  return form({ class: "card stack" },
    async () => {
      await page.api.post(path, { name: name.value.trim(), template_id: template.value });
      await done();
    },
    h("h2", null, first ? "Let it react" : "Another canvas"),
    h("p", { class: "dim" }, "A canvas is a mascot that reacts: poses are its states, films lead from one to the next, and your app says when."),
    h("div", { class: "fields" }, field("name", "Name", name), field("template_id", "Template", template)), about,
    h("div", { class: "row end" }, h("button", { type: "submit", class: "primary" }, icon("plus"), "Make it")));
}

/** One canvas: its states, how much of it is made, and the mascot itself as soon as it can play. */
async function show(page, path, place) {
  const { api, signal } = page;
  const canvas = await api.get(path, { signal });
  const { status } = canvas;
  const current = map(canvas);
  const stage = new Stage();
  const trouble = h("div", { role: "alert" });
  const inputs = h("div", { class: "row", role: "group", "aria-label": "Inputs" });
  fill(place, h("section", { class: "card stack", "aria-labelledby": "canvas" },
    h("div", { class: "section-head" }, h("h2", { id: "canvas" }, canvas.name), production(page, path, canvas, () => show(page, path, place))),
    canvas.warnings.map(({ message }) => h("p", { class: "notice" }, icon("warning"), message)),
    h("div", { class: "columns even" }, h("div", { class: "stack" }, stage.element, inputs), current.element), trouble));
  if (status.percent > 0) await play(api, path, stage, inputs, current, signal).catch((error) => signal.aborted || fill(trouble, explained(error)));
  else stage.show(h("div", { class: "sketch" }, icon("film"), h("p", null, "Nothing is made of it yet")));
}

/** The player, driven by buttons that stand for what an app would tell it. */
async function play(api, path, stage, inputs, current, signal) {
  const [exported] = await Promise.all([api.get(`${path}/export`, { query: { extended: true, partial: true }, signal }), import("/mascot-player.js")]);
  const player = h("mascot-player", { class: "figure" });
  player.addEventListener("statechange", ({ detail }) => current.mark(detail.to));
  player.addEventListener("ready", () => current.mark(player.state));
  player.config = exported;
  stage.show(player);
  stage.stop.hidden = false;
  fill(inputs, (exported.inputs ?? []).filter((one) => !OWN.has(one.name)).map((one) => control(player, one)));
}

function control(player, { name, type, default: value }) {
  if (type === "trigger") return h("button", { type: "button", onclick: () => player.trigger(name) }, name);
  if (type === "number") {
    const id = unique("input");
    return h("span", { class: "row" }, h("label", { for: id }, name), h("input", { id, type: "number", value: value ?? 0, onchange: (event) => player.setInput(name, Number(event.target.value)) }));
  }
  const button = h("button", { type: "button", "aria-pressed": String(Boolean(value)), onclick: () => {
    const on = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(on));
    player.setInput(name, on);
  } }, name);
  return button;
}

/** How much is made, and a button for the rest, with its price. */
function production({ api, signal, spent }, path, canvas, again) {
  const { percent, complete, job } = canvas.status;
  if (complete) return h("span", { class: "tag succeeded" }, "Complete");
  if (job) {
    const timer = setTimeout(() => again().catch(() => {}), LOOK_AGAIN);
    signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    return h("span", { class: "tag work" }, `At work, ${percent} %`);
  }
  const button = h("button", { type: "button", class: "primary", onclick: async () => {
    button.setAttribute("aria-busy", "true");
    const quote = await api.post(`${path}/generate-all`, { dry_run: true }).finally(() => button.removeAttribute("aria-busy"));
    ask({ title: "Make all that is missing?", text: h("span", null, `${quote.planned_jobs} things, of which ${quote.reverse_free} ways back are free.`, h("span", { class: "price block" }, told({ cost_credits: quote.would_charge_credits }))), agree: "Begin" }, async () => {
      await api.post(`${path}/generate-all`, {});
      spent();
      await again();
    });
  } }, icon("spark"), percent ? `Make the rest, ${percent} % is there` : "Make it all");
  return button;
}

/** The states in a ring, with an arrow for every way from one to another. */
function map(canvas) {
  const places = new Map(canvas.nodes.map((node, index) => {
    const angle = (index / canvas.nodes.length) * 2 * Math.PI - Math.PI / 2;
    return [node.id, { x: SIZE / 2 + RADIUS.map * Math.cos(angle), y: SIZE / 2 + RADIUS.map * Math.sin(angle) }];
  }));
  const made = new Set(canvas.status.edges.filter(({ assets }) => assets.webm?.status === "ready").map(({ id }) => id));
  const stills = new Map(canvas.status.nodes.map(({ id, assets }) => [id, assets.transparent_image?.status === "ready" && assets.transparent_image]));
  const marker = unique("arrow");
  const circles = new Map();
  const ways = canvas.edges.flatMap((edge) => (edge.source === "*" ? [...places.keys()].filter((id) => id !== edge.target) : [edge.source]).filter((source) => source !== edge.target).map((source) => arrow(places.get(source), places.get(edge.target), made.has(edge.id), marker)));
  const element = svg("svg", { class: "canvas-map", viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img", "aria-label": `States: ${canvas.nodes.map(({ name }) => name).join(", ")}` },
    svg("defs", null, svg("marker", { id: marker, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto" }, svg("path", { d: "M0 0L8 4L0 8z" }))),
    ways,
    canvas.nodes.map(({ id, name }) => {
      const { x, y } = places.get(id);
      const still = stills.get(id)?.url;
      const label = y < SIZE / 2 - RADIUS.node ? y - RADIUS.node - 8 : y + RADIUS.node + 16;
      const picture = still && svg("image", { href: still, x: x - RADIUS.node, y: y - RADIUS.node, width: 2 * RADIUS.node, height: 2 * RADIUS.node });
      const circle = svg("g", { class: "canvas-node" }, svg("circle", { cx: x, cy: y, r: RADIUS.node }), picture, svg("text", { x, y: label }, name));
      circles.set(id, circle);
      return circle;
    }));
  const mark = (id) => circles.forEach((circle, other) => circle.classList.toggle("current", other === id));
  mark(canvas.initial_node);
  return { element, mark };
}

/** A bend to the right, so that the way back has a place of its own. */
function arrow(from, to, made, marker) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy) || 1;
  const [ux, uy] = [dx / length, dy / length];
  const bend = { x: (from.x + to.x) / 2 - uy * 18, y: (from.y + to.y) / 2 + ux * 18 };
  const start = { x: from.x + ux * RADIUS.node - uy * 6, y: from.y + uy * RADIUS.node + ux * 6 };
  const end = { x: to.x - ux * (RADIUS.node + 3) - uy * 6, y: to.y - uy * (RADIUS.node + 3) + ux * 6 };
  return svg("path", { class: made ? "way made" : "way", d: `M${start.x} ${start.y}Q${bend.x} ${bend.y} ${end.x} ${end.y}`, "marker-end": `url(#${marker})` });
}
