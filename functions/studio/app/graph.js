// The graph of a job: what needs what, how far each step is, and what it has made.
import { fill, h, svg } from "./dom.js";
import { icon } from "./icons.js";
import { percent, stateName, stepName } from "./words.js";

const NODE = { width: 112, height: 128 };
const GAP = { along: 44, across: 16 };
const NARROW = matchMedia("(max-width: 52rem)");

/** Where the steps of a job are drawn: by depth along one axis, side by side along the other. Pure. */
export function layout(steps, upright) {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const depths = new Map();
  const depth = (id) => {
    if (!depths.has(id)) depths.set(id, Math.max(-1, ...byId.get(id).needs.filter((need) => byId.has(need)).map(depth)) + 1);
    return depths.get(id);
  };
  const ranks = [];
  for (const step of steps) (ranks[depth(step.id)] ??= []).push(step.id);
  const most = Math.max(...ranks.map((rank) => rank.length));
  const [long, wide] = upright ? [NODE.height, NODE.width] : [NODE.width, NODE.height];
  const across = upright ? GAP.across / 2 : GAP.across;
  const places = new Map();
  ranks.forEach((rank, level) =>
    rank.forEach((id, index) => {
      const along = level * (long + GAP.along);
      const beside = (index + (most - rank.length) / 2) * (wide + across);
      places.set(id, upright ? { x: beside, y: along } : { x: along, y: beside });
    }),
  );
  const edges = steps.flatMap((step) => step.needs.filter((need) => byId.has(need)).map((need) => ({ from: need, to: step.id, path: curve(places.get(need), places.get(step.id), upright) })));
  const length = ranks.length * (long + GAP.along) - GAP.along;
  const breadth = most * (wide + across) - across;
  return { places, edges, width: upright ? breadth : length, height: upright ? length : breadth };
}

function curve(from, to, upright) {
  if (upright) {
    const [x1, y1, x2, y2] = [from.x + NODE.width / 2, from.y + NODE.height, to.x + NODE.width / 2, to.y];
    return `M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}`;
  }
  const [x1, y1, x2, y2] = [from.x + NODE.width, from.y + NODE.height / 2, to.x, to.y + NODE.height / 2];
  return `M${x1} ${y1}C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`;
}

/** The keys of the files that a job has made public so far. */
export const madeBy = (job) => new Set(job.steps.filter((step) => step.status === "succeeded").flatMap((step) => step.makes));

/** What a job is doing now, in words. */
export const doing = (job) => job.steps.filter((step) => ["running", "waiting", "publishing"].includes(step.status)).map(stepName).join(", ");

/** The graph on the page. `onselect` gets the id of the step that somebody wants to know about. */
export class Graph {
  #nodes = new Map();
  #lines = new Map();
  #selected = null;
  #job = null;

  constructor(onselect, signal) {
    this.onselect = onselect;
    this.surface = h("div", { class: "graph-surface" });
    this.element = h("div", { class: "graph", role: "group", "aria-label": "How it is made, step by step", tabindex: 0 }, this.surface);
    NARROW.addEventListener("change", () => this.#job && this.#draw(this.#job), { signal });
  }

  /** Show a job as it is now. */
  update(job) {
    const before = this.#job;
    this.#job = job;
    if (before?.id !== job.id) this.#draw(job);
    else this.#refresh(job);
  }

  #draw(job) {
    const { places, edges, width, height } = layout(job.steps, NARROW.matches);
    this.#nodes.clear();
    this.#lines.clear();
    const lines = svg("svg", { class: "edges", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    for (const { from, to, path } of edges) {
      const line = svg("path", { d: path });
      this.#lines.set(line, { from, to });
      lines.append(line);
    }
    const list = h("ol", { class: "nodes" });
    for (const step of job.steps) {
      const node = new Node(step, () => this.select(step.id));
      node.element.style.setProperty("--x", `${places.get(step.id).x}px`);
      node.element.style.setProperty("--y", `${places.get(step.id).y}px`);
      this.#nodes.set(step.id, node);
      list.append(node.element);
    }
    this.surface.style.setProperty("--width", `${width}px`);
    this.surface.style.setProperty("--height", `${height}px`);
    fill(this.surface, lines, list);
    this.#refresh(job);
    if (this.#selected) this.#mark();
  }

  #refresh(job) {
    const made = madeBy(job);
    for (const step of job.steps) this.#nodes.get(step.id)?.update(step, job, made);
    const done = new Set(job.steps.filter((step) => step.status === "succeeded").map((step) => step.id));
    for (const [line, { from }] of this.#lines) line.classList.toggle("done", done.has(from));
  }

  select(id) {
    this.#selected = this.#selected === id ? null : id;
    this.#mark();
    this.onselect(this.#selected);
  }

  #mark() {
    for (const [id, node] of this.#nodes) node.button.setAttribute("aria-pressed", String(id === this.#selected));
  }
}

class Node {
  #picture = null;

  constructor(step, onclick) {
    this.view = h("div", { class: "node-view ground", data: { ground: "checker" } });
    this.state = h("span", { class: "node-state" });
    this.bar = h("span", { class: "node-bar" });
    this.button = h("button", { type: "button", class: "node", "aria-pressed": "false", onclick }, this.view, h("span", { class: "node-name" }, stepName(step)), this.state, this.bar);
    this.element = h("li", null, this.button);
  }

  update(step, job, made) {
    this.button.dataset.status = step.status;
    const part = step.status === "running" && step.progress > 0 ? percent(step.progress) : stateName(step.status);
    const again = step.retakes.length ? ` · take ${step.retakes.length + 1}` : "";
    this.state.textContent = part + again;
    this.bar.style.setProperty("--progress", step.progress);
    const key = [...step.makes, ...step.drafts].toSorted().toReversed().find((name) => made.has(name)); // the cut-out before the still
    if (key !== this.#picture || !this.view.firstChild) {
      this.#picture = key;
      fill(this.view, key ? thumbnail(key, job.urls[key]) : h("span", { class: "node-icon" }, icon(STEP_ICONS[step.kind] ?? "spark")));
    }
  }
}

const STEP_ICONS = { image: "image", cutout: "image", validate: "check", style_card: "spark", video: "film", transcode: "film", reverse: "redo", resize: "image" };

function thumbnail(key, url) {
  if (/image/.test(key)) return h("img", { src: url, alt: "", width: 96, height: 72 });
  if (/webm|^video/.test(key)) return h("video", { src: url, muted: true, playsinline: true, preload: "auto", "aria-hidden": "true" });
  return h("span", { class: "node-icon" }, icon("film"));
}
