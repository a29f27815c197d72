// Pictures of a character that exist already: dropped or chosen, stored, shown, taken away.
import { announce, fill, h, unique } from "./dom.js";
import { complain } from "./forms.js";
import { icon } from "./icons.js";

const MOST = 6;
const TYPES = "image/png,image/jpeg,image/webp,image/gif";

/** A place to drop pictures. `added(asset)` and `removed(id)` may say no by throwing a Fault. */
export class References {
  #assets = [];

  constructor(api, { added, removed } = {}) {
    Object.assign(this, { api, added, removed });
    const id = unique("references");
    this.picker = h("input", { type: "file", id, accept: TYPES, multiple: true, class: "visually-hidden", onchange: () => this.#take(this.picker.files) });
    this.list = h("ul", { class: "references" });
    this.trouble = h("div", { role: "alert" });
    this.zone = h("label", { class: "dropzone", for: id }, icon("image"), h("span", null, h("strong", null, "Choose pictures"), " or drop them here: up to six that show the character"));
    this.element = h("div", { class: "references-field" }, this.picker, this.zone, this.list, this.trouble);
    this.element.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.zone.classList.add("over");
    });
    this.element.addEventListener("dragleave", () => this.zone.classList.remove("over"));
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      this.zone.classList.remove("over");
      this.#take(event.dataTransfer.files);
    });
  }

  get ids() {
    return this.#assets.map((asset) => asset.id);
  }

  show(assets) {
    this.#assets = assets;
    this.#draw();
  }

  async #take(files) {
    fill(this.trouble);
    for (const file of [...files].slice(0, MOST - this.#assets.length)) {
      const waiting = h("li", { class: "skeleton", "aria-label": `Storing ${file.name}` });
      this.list.append(waiting);
      try {
        const asset = await this.api.upload(file);
        await this.added?.(asset);
        this.#assets.push(asset);
        announce(`${file.name} is there`);
      } catch (error) {
        complain(this.trouble, error);
      }
      this.#draw();
    }
    this.picker.value = "";
    this.element.dispatchEvent(new Event("change", { bubbles: true }));
  }

  #draw() {
    fill(
      this.list,
      this.#assets.map((asset, index) =>
        h("li", null, h("img", { src: asset.url, alt: `Reference ${index + 1}`, width: 96, height: 96 }),
          h("button", { type: "button", class: "icon-button small", "aria-label": `Remove reference ${index + 1}`, onclick: () => this.#drop(asset) }, icon("close"))),
      ),
    );
    this.zone.hidden = this.#assets.length >= MOST;
  }

  async #drop(asset) {
    try {
      await this.removed?.(asset.id);
      this.#assets = this.#assets.filter((other) => other !== asset);
      this.#draw();
    } catch (error) {
      complain(this.trouble, error);
    }
  }
}
