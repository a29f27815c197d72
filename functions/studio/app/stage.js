// Where a mascot is looked at: over a checkerboard, a dark page, something like a photograph.
import { h, reducedMotion } from "./dom.js";
import { choice } from "./forms.js";

export const GROUNDS = [
  ["checker", "Checks"],
  ["light", "Light"],
  ["dark", "Dark"],
  ["photo", "Photo"],
];

/** The player, when it could be loaded. */
const player = () => (loading ??= import("/mascot-player.js").then(() => customElements.get("mascot-player") !== undefined, () => false));
let loading;

/** A surface of one ground. */
export const ground = (kind, attributes, ...children) => h("div", { ...attributes, class: `ground ${attributes?.class ?? ""}`, data: { ground: kind } }, children);

/** A surface with a switch for what is behind. `content` is replaced with `show`. */
export class Stage {
  constructor() {
    this.surface = ground("checker", { class: "stage-surface" });
    this.element = h(
      "div",
      { class: "stage" },
      this.surface,
      choice("ground", "Background", GROUNDS, "checker", (kind) => (this.surface.dataset.ground = kind)),
    );
  }

  show(...content) {
    this.surface.replaceChildren(...content.filter(Boolean));
  }
}

/** A still, or a film that plays. `files` are URLs by type. Moving pictures can be stopped. */
export function figure(files, label) {
  if (!files.webm && !files.hevc && !files.stacked_video) return still(files.transparent_image ?? files.image, label);
  const box = h("div", { class: "figure film", role: "img", "aria-label": label });
  if (files.transparent_image) box.append(h("img", { class: "poster", src: files.transparent_image, alt: "" }));
  player().then((there) => {
    const film = there ? played(files) : video(files);
    const shown = () => box.querySelector(".poster")?.remove();
    film.addEventListener(there ? "play" : "playing", shown, { once: true });
    film.addEventListener("error", () => film.remove(), { once: true });
    box.append(film);
  });
  return box;
}

export const still = (url, label, attributes) =>
  h("img", { class: "figure", src: url, alt: label, width: 512, height: 512, decoding: "async", ...attributes });

function played(files) {
  return h("mascot-player", { webm: files.webm, hevc: files.hevc, stacked: files.stacked_video, still: files.transparent_image });
}

function video(files) {
  return h("video", { src: files.webm ?? files.hevc, loop: true, muted: true, playsinline: true, autoplay: !reducedMotion(), "aria-hidden": "true", disablepictureinpicture: true });
}
