// A button that copies a text.
import { announce, fill, h } from "./dom.js";
import { icon } from "./icons.js";

export function copier(element) {
  const button = h("button", { type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(element.textContent);
    } catch {
      getSelection().selectAllChildren(element); // a page that is not secure may not write there
      return announce("Selected: copy it with your keyboard");
    }
    announce("Copied");
    fill(button, icon("check"), "Copied");
    setTimeout(() => fill(button, icon("copy"), "Copy"), 2000);
  } }, icon("copy"), "Copy");
  return button;
}
