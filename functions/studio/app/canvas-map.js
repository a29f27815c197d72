// The states of a canvas in a ring, with an arrow for every way from one to another.
import { svg, unique } from "./dom.js";

const SIZE = 360;
const RADIUS = { map: 128, node: 30 };

/** The picture, and `mark(id)`, which shows where the mascot is. */
export function map(canvas) {
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
