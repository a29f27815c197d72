// Building the page. Text is only ever set as text: no data is read as HTML anywhere.

const SVG = "http://www.w3.org/2000/svg";

/** An element: h("button", {class: "primary", onclick: save}, "Save"). */
export const h = (tag, attributes, ...children) =>
  build(document.createElement(tag), attributes, children);

/** The same for SVG. */
export const svg = (tag, attributes, ...children) =>
  build(document.createElementNS(SVG, tag), attributes, children);

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "muted", "indeterminate", "selected", "open"]);

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "vars") for (const [key, to] of Object.entries(value)) element.style.setProperty(`--${key}`, to);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...flat(children));
  return element;
}

const flat = (children) =>
  children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

/** Let an element hold these children and no others. */
export function fill(element, ...children) {
  element.replaceChildren(...flat(children));
  return element;
}

/** Say something to who listens instead of looking. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

let last = 0;
/** An id that no other element has. */
export const unique = (prefix) => `${prefix}-${++last}`;

export const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
