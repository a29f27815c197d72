// The ways of a canvas from state to state: when each is taken, and how it moves. Shown and edited.
import { fill, h } from "../dom.js";
import { ask } from "../dialog.js";
import { area, field } from "../forms.js";
import { icon } from "../icons.js";

const OPS = [["==", "is"], ["!=", "is not"], [">", "is more than"], ["<", "is less than"], [">=", "is at least"], ["<=", "is at most"]];

/** The list, in which each way can be edited; `again` shows the canvas as it is then. */
export function ways(api, path, canvas, again) {
  const names = new Map(canvas.nodes.map(({ id, name }) => [id, name]));
  const name = (id) => (id === "*" ? "Any state" : (names.get(id) ?? id));
  const types = new Map(canvas.inputs.map((one) => [one.name, one.type]));
  return h("details", { class: "card embed" },
    h("summary", null, h("h2", null, "When it moves")),
    h("ul", { class: "ways" }, canvas.edges.map((edge) => {
      const title = edge.source === edge.target ? `${name(edge.source)}, again and again` : `${name(edge.source)} → ${name(edge.target)}`;
      return h("li", null,
        h("div", null, h("strong", null, title), h("span", { class: "dim" }, when(edge, types))),
        h("button", { type: "button", class: "quiet", "aria-label": `Edit ${title}`, onclick: () => edit(api, path, canvas, edge, title, again) }, "Edit"));
    })));
}

/** When a way is taken, in words. Pure. */
export function when({ source, target, conditions }, types) {
  if (!conditions.length) return source === target ? "While nothing else happens" : "As soon as what was playing has been seen";
  return `When ${conditions.map(({ input: one, op, value }) => said(one, op, value, types.get(one))).join(" and ")}`;
}

function said(one, op, value, type) {
  if (type === "trigger") return `${one} fires`;
  if (type === "boolean") return `${one} is ${(op === "==") === value ? "on" : "off"}`;
  return `${one} ${Object.fromEntries(OPS)[op]} ${value}`;
}

function edit(api, path, canvas, edge, title, again) {
  const rows = h("div", { class: "stack" });
  const add = h("button", { type: "button", onclick: () => rows.append(row(canvas.inputs)) }, icon("plus"), "Add a condition");
  fill(rows, edge.conditions.map((condition) => row(canvas.inputs, condition)));
  const motion = area({ value: edge.description ?? "", rows: 2, placeholder: "how it moves" });
  const seconds = h("input", { type: "number", min: 1, max: 10, step: 0.5, value: edge.duration ?? "", placeholder: "as the others", inputmode: "decimal" });
  const fields = [
    h("fieldset", { class: "conditions" }, h("legend", null, "Taken when all of these hold"), rows,
      canvas.inputs.length ? add : h("p", { class: "dim" }, "The canvas has no inputs.")),
    field("edges", "How it moves", motion, { hint: "Counts for a film that is made anew; the one that is there stays." }),
    field("duration", "Seconds", seconds, { hint: "Leave it empty to use those of all films." }),
  ];
  ask({ title, agree: "Save", fields }, async () => {
    const changed = {
      ...edge,
      conditions: [...rows.children].map((one) => one.condition()),
      description: motion.value.trim() || null,
      duration: seconds.value ? Number(seconds.value) : null,
    };
    await api.patch(path, { edges: canvas.edges.map((other) => (other.id === edge.id ? changed : other)) });
    await again();
  });
}

/** One condition: an input, and what it has to be. */
function row(inputs, given) {
  const chosen = h("select", { "aria-label": "Input" }, inputs.map(({ name }) => h("option", { value: name, selected: name === given?.input }, name)));
  const rest = h("span", { class: "row" });
  const element = h("div", { class: "row condition" }, chosen, rest, h("button", { type: "button", class: "icon-button small", "aria-label": "Remove the condition", onclick: () => element.remove() }, icon("close")));
  let value;
  const show = (condition) => {
    const { type } = inputs.find(({ name }) => name === chosen.value);
    if (type === "trigger") {
      value = () => ({ op: "==", value: true });
      return fill(rest, "fires");
    }
    if (type === "boolean") {
      const isOn = condition ? (condition.op === "==") === condition.value : true;
      const state = h("select", { "aria-label": "State" }, h("option", { value: "on", selected: isOn }, "is on"), h("option", { value: "off", selected: !isOn }, "is off"));
      value = () => ({ op: "==", value: state.value === "on" });
      return fill(rest, state);
    }
    const op = h("select", { "aria-label": "Comparison" }, OPS.map(([id, label]) => h("option", { value: id, selected: id === condition?.op }, label)));
    const number = h("input", { type: "number", class: "short", step: "any", value: condition?.value ?? 0, "aria-label": "Number" });
    value = () => ({ op: op.value, value: Number(number.value) });
    return fill(rest, op, number);
  };
  chosen.addEventListener("change", () => show());
  show(given);
  element.condition = () => ({ input: chosen.value, ...value() });
  return element;
}
