// Pictures of a character that exist already: dropped or chosen, stored, shown, taken away.
import { announce, fill, h, unique } from "./dom.js";
import { complain } from "./forms.js";
import { icon } from "./icons.js";
import { shrink } from "./shrink.js";

const MOST = 6;
const TYPES = "image/png,image/jpeg,image/webp,image/gif";

/** A place to drop pictures. `added(asset)` and `removed(id)` may say no by throwing a Fault. */
export class References {
  #assets = [];
  #waiting = [];

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
    const taken = [...files].slice(0, MOST - this.#assets.length - this.#waiting.length).map((file) => new Waiting(file));
    this.#waiting.push(...taken);
    this.#draw();
    for (const one of taken) {
      try {
        one.say("Shrinking…");
        const file = await shrink(one.file);
        const asset = await this.api.upload(file, { told: (share) => one.tell(share) });
        await this.added?.(asset);
        this.#assets.push(Object.assign(asset, { preview: one.url }));
        announce(`${file.name} is there`);
      } catch (error) {
        one.forget();
        complain(this.trouble, error);
      }
      this.#waiting = this.#waiting.filter((other) => other !== one);
      this.#draw();
    }
    this.picker.value = "";
    this.element.dispatchEvent(new Event("change", { bubbles: true }));
  }

  #draw() {
    fill(
      this.list,
      this.#assets.map((asset, index) =>
        h("li", null, h("img", { src: asset.preview ?? asset.url, alt: `Reference ${index + 1}`, width: 96, height: 96 }),
          h("button", { type: "button", class: "icon-button small", "aria-label": `Remove reference ${index + 1}`, onclick: () => this.#drop(asset) }, icon("close"))),
      ),
      this.#waiting.map(({ element }) => element),
    );
    this.zone.hidden = this.#assets.length + this.#waiting.length >= MOST;
  }

  async #drop(asset) {
    try {
      await this.removed?.(asset.id);
      if (asset.preview) URL.revokeObjectURL(asset.preview);
      this.#assets = this.#assets.filter((other) => other !== asset);
      this.#draw();
    } catch (error) {
      complain(this.trouble, error);
    }
  }
}

/** A file on its way, seen from the moment when it was chosen. */
class Waiting {
  constructor(file) {
    this.file = file;
    this.url = URL.createObjectURL(file);
    this.meter = h("progress", { max: 1, "aria-label": `Sending ${file.name}` });
    this.said = h("span", { class: "reference-state" }, "Waits");
    this.element = h("li", { class: "waiting" }, h("img", { src: this.url, alt: file.name, width: 96, height: 96 }), this.said, this.meter);
  }

  say(text) {
    this.said.textContent = text;
  }

  /** What share has been sent. */
  tell(share) {
    this.meter.value = share;
    this.say(share < 1 ? `${Math.round(share * 100)} %` : "Stored…");
  }

  forget() {
    URL.revokeObjectURL(this.url);
  }
}
