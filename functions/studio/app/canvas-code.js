// Code that shows a canvas on a page, to be copied, and the file that it reads.
import { copier } from "./copy.js";
import { h } from "./dom.js";
import { plain } from "./embed.js";
import { icon } from "./icons.js";

/** The card. `exported` is the configuration that players read, `label` says whom it shows. */
export function canvasCode(exported, label, isComplete) {
  const file = `${plain(exported.name).toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "canvas"}.json`;
  const code = h("code", null, snippet(file, plain(label), exported.inputs ?? [], location.origin));
  const url = URL.createObjectURL(new Blob([JSON.stringify(exported, null, 2)], { type: "application/json" }));
  return h("details", { class: "card embed" }, h("summary", null, h("h2", null, "Put it into your app")),
    h("div", { class: "stack" },
      !isComplete && h("p", { class: "notice" }, icon("warning"), "Some of it is not made yet: the file leaves that out."),
      h("p", null, "Save the file beside your page, then copy the code. Your app sets the inputs."),
      h("div", null, h("a", { class: "download", href: url, download: file }, icon("download"), file)),
      h("div", { class: "embed-code" }, h("pre", { class: "code", tabindex: 0, "aria-label": "Code" }, code), copier(code))));
}

/** The code for a page. Pure. */
export function snippet(file, label, inputs, origin) {
  const [one] = inputs.filter(({ system }) => !system);
  const line = one && (one.type === "trigger" ? `mascot.trigger("${one.name}");` : `mascot.setInput("${one.name}", ${one.type === "number" ? 1 : true});`);
  return [
    `<script type="module" src="${origin}/mascot-player.js"></${"script"}>`,
    `<mascot-player id="mascot" config="${file}" alt="${label}" style="width: 256px"></mascot-player>`,
    ...(line ? ["<script type=\"module\">", "  const mascot = document.getElementById(\"mascot\");", `  ${line}`, `</${"script"}>`] : []),
  ].join("\n");
}
