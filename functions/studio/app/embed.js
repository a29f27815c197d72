// Code that shows a mascot, to be copied. The snippets are files, in which {{names}} stand for values.
import { copier } from "./copy.js";
import { h } from "./dom.js";
import { choice } from "./forms.js";

const SNIPPETS = [
  ["web.html", "Web"],
  ["react.jsx", "React"],
  ["Mascot.swift", "iOS"],
  ["Mascot.kt", "Android"],
  ["react-native.jsx", "React Native"],
  ["mascot.dart", "Flutter"],
];

// Of a pose that has only a still: what an app shows it with. The player needs no other code.
const STILLS = {
  "Mascot.swift": "MascotStill.swift",
  "Mascot.kt": "MascotStill.kt",
  "react-native.jsx": "react-native-still.jsx",
  "mascot.dart": "mascot_still.dart",
};

/** The snippets, filled in with the values of an item, in which nothing may be code; nothing without files. */
export function embed(values) {
  const moves = values.hevc && values.stacked;
  if (!moves && !values.still) return null;
  const code = h("code", null);
  const box = h("pre", { class: "code", tabindex: 0, "aria-label": "Code" }, code);
  let chosen;
  const show = async (file) => {
    chosen = file;
    let text;
    try {
      const response = await fetch(`/snippets/${(!moves && STILLS[file]) || file}`);
      if (!response.ok) throw new Error(`${response.status}`);
      text = filled(await response.text(), values);
    } catch {
      text = "This snippet could not be loaded. Choose it once more.";
    }
    if (file === chosen) code.textContent = text;
  };
  const details = h("details", { class: "card embed" }, h("summary", null, h("h2", null, "Put it into your app")), h("div", { class: "stack" }, choice("platform", "Platform", SNIPPETS, SNIPPETS[0][0], show), h("div", { class: "embed-code" }, box, copier(code))));
  details.addEventListener("toggle", () => details.open && show(SNIPPETS[0][0]), { once: true });
  return details;
}

/** Words that end no string and open no tag in any of the languages. Pure. */
export const plain = (text) => text.replace(/["']/g, "’").replace(/[`\\${}<>&\s]+/g, " ").trim();

/** A text with every {{name}} replaced that has a value, without attributes whose value is empty. Pure. */
export const filled = (text, values) =>
  text
    .replace(/\s+\w+="\{\{(\w+)\}\}"/g, (whole, name) => (values[name] === "" ? "" : whole))
    .replace(/\{\{\s*([\w.]+)\s*\}\}/g, (whole, name) => values[name] ?? whole);

/** Each kind of file in all its sizes, as the player chooses among them, of URLs by key. Pure. */
export function sourceSets(urls) {
  const set = (kind) => {
    const widths = Object.keys(urls).flatMap((key) => (key.startsWith(`${kind}_`) && Number(key.slice(kind.length + 1))) || []);
    const sizes = widths.sort((one, other) => one - other).map((width) => `${urls[`${kind}_${width}`]} ${width}w`);
    return [urls[kind], ...sizes].filter(Boolean).join(", ");
  };
  return { webms: set("webm"), hevcs: set("hevc"), stackeds: set("stacked_video"), stills: set("transparent_image") };
}
