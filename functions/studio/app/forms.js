// Forms: fields with labels, hints and faults beside them, and a price before anything is paid.
import { fill, h, unique } from "./dom.js";
import { icon } from "./icons.js";
import { capital, credits } from "./words.js";

/** A control with its label, and room for a hint and for what is wrong with it. `name` is the API's. */
export function field(name, label, control, { hint, wide = false } = {}) {
  const id = unique(name);
  const about = h("p", { class: "hint", id: `${id}-hint` }, hint);
  const fault = h("p", { class: "field-fault", id: `${id}-fault`, hidden: true });
  control.id = id;
  control.name = name;
  control.setAttribute("aria-describedby", `${hint ? about.id : ""} ${fault.id}`.trim());
  control.addEventListener("input", () => clear(control));
  return h("div", { class: wide ? "field wide" : "field" }, h("label", { for: id }, label), control, hint && about, fault);
}

export const input = (attributes) => h("input", { type: "text", autocomplete: "off", ...attributes });
export const area = (attributes) => h("textarea", { rows: 2, ...attributes });

/** A box to tick. */
export function tick(name, label, attributes = {}) {
  const id = unique(name);
  return h("label", { class: "tick", for: id }, h("input", { type: "checkbox", id, name, ...attributes }), h("span", null, label));
}

/** One of a few, side by side. `choices` are [value, label]. */
export function choice(name, legend, choices, chosen, onchange) {
  const group = unique(name);
  return h(
    "fieldset",
    { class: "choice" },
    h("legend", { class: "visually-hidden" }, legend),
    choices.map(([value, label]) => {
      const id = unique(name);
      const radio = h("input", { type: "radio", name: group, id, value, checked: value === chosen, onchange: () => onchange(value) });
      return h("span", null, radio, h("label", { for: id }, label));
    }),
  );
}

/** A form that shows what the API has against it where it belongs. `act` may throw a Fault. */
export function form(attributes, act, ...children) {
  const trouble = h("div", { class: "form-fault", role: "alert" });
  const element = h("form", { novalidate: true, ...attributes }, children, trouble);
  let busy = false;
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    const button = element.querySelector("[type=submit]");
    button?.setAttribute("aria-busy", "true");
    reset(element);
    try {
      await act(element);
    } catch (error) {
      place(element, error);
    } finally {
      busy = false;
      button?.removeAttribute("aria-busy");
    }
  });
  return element;
}

/** Show a fault at the field that it names, or else below the form. */
export function place(element, error) {
  if (error.name === "AbortError") return;
  const problems = error.errors?.length ? error.errors : [{ field: error.field, message: error.message }];
  const rest = [];
  let first;
  for (const { field: path, message } of problems) {
    const name = path?.split(".")[0];
    const control = name && element.querySelector(`[name="${CSS.escape(name)}"]:not([type=radio])`);
    const note = control && control.closest(".field")?.querySelector(".field-fault");
    const text = message.replace(new RegExp(`^${path}: `), "");
    if (!note || control.closest("[hidden]")) {
      rest.push(path ? `${labelOf(control) ?? capital(path.replaceAll("_", " "))}: ${text}` : text);
      continue;
    }
    control.closest("details")?.setAttribute("open", "");
    control.setAttribute("aria-invalid", "true");
    note.textContent = sentence(text);
    note.hidden = false;
    first ??= control;
  }
  if (rest.length) complain(element.querySelector(".form-fault"), error, rest);
  if (first) look(first);
}

/** Show what failed in a place of its own, and lead there: it may be far from what was pressed. */
export function complain(place, error, messages = undefined) {
  fill(place, explained(error, messages));
  place.tabIndex = -1;
  look(place);
}

/** Bring an element to where it is seen, and to the keyboard. */
function look(element) {
  element.scrollIntoView({ block: "center" });
  element.focus({ preventScroll: true });
}

const labelOf = (control) => control?.closest(".field")?.querySelector("label")?.textContent;

export function reset(element) {
  element.querySelectorAll("[aria-invalid]").forEach(clear);
  fill(element.querySelector(".form-fault"));
}

function clear(control) {
  control.removeAttribute("aria-invalid");
  const note = control.closest(".field")?.querySelector(".field-fault");
  if (note) note.hidden = true;
}

/** What failed, and what to do about it. */
export function explained(error, messages = [error.message]) {
  const advice = {
    402: ["See your ", h("a", { href: "#/credits" }, "credits"), ", or wait for what is under way: what it does not need comes back."],
    401: ["The key opens nothing any more. ", h("a", { href: "#/key" }, "Use another one"), "."],
    403: ["Use a key with the scope write."],
    404: ["It may have been deleted in the meantime."],
    429: ["Wait a little, then try again."],
    500: ["It is not your fault. Try again in a moment."],
    503: ["Somebody else is at it. Try again in a moment."],
  }[error.status];
  return h("div", { class: "fault" }, icon("warning"), h("div", null, messages.map((text) => h("p", null, h("strong", null, sentence(text)))), advice && h("p", null, advice)));
}

const sentence = (text) => {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(upper) ? upper : `${upper}.`;
};

/** The price of what a form would do, asked for whenever it changes. `ask` gives a quote, or null
 *  while something is missing. `shown.cost` is what was shown last: send it as max_credits. */
export function price(element, ask, signal) {
  const output = h("output", { class: "price", "aria-live": "polite" }, "\u00a0");
  const shown = { element: output, cost: undefined };
  let timer;
  let asked = 0;
  const refresh = () => {
    clearTimeout(timer);
    timer = setTimeout(update, 350);
  };
  async function update() {
    const turn = ++asked;
    let quote = null;
    try {
      quote = await ask();
    } catch {
      // What is wrong with a form is said when it is sent.
    }
    if (turn !== asked) return;
    shown.cost = quote?.cost_credits;
    fill(output, quote ? told(quote) : "\u00a0");
  }
  element.addEventListener("input", refresh);
  element.addEventListener("change", refresh);
  signal.addEventListener("abort", () => clearTimeout(timer));
  refresh();
  return shown;
}

/** A price in words, with what is left after it where credits are counted, and what is said of the request. */
export function told({ cost_credits: cost, available_after: after, warnings = [] }) {
  const amount = h("strong", null, cost ? credits(cost) : "Free");
  const said = warnings.map((warning) => h("span", { class: "notice" }, icon("warning"), warning));
  if (after === null || after === undefined) return [amount, ...said];
  return [amount, after < 0 ? h("span", { class: "lacking" }, ` · ${credits(-after)} too few`) : ` · leaves ${after.toLocaleString("en")}`, ...said];
}
