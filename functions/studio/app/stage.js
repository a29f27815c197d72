// Where a mascot is looked at: over a checkerboard, a dark page, something like a photograph.
import { fill, h, reducedMotion } from "./dom.js";
import { choice } from "./forms.js";
import { icon } from "./icons.js";

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

/** A surface with a switch for what is behind. What is on it is replaced with `show`. */
export class Stage {
  constructor() {
    this.surface = ground("checker", { class: "stage-surface" });
    this.stop = stopper(this.surface);
    this.element = h(
      "div",
      { class: "stage" },
      h("div", { class: "stage-view" }, this.surface, this.stop),
      choice("ground", "Background", GROUNDS, "checker", (kind) => (this.surface.dataset.ground = kind)),
    );
  }

  show(content) {
    this.surface.replaceChildren(content);
    this.stop.hidden = !content.matches(".film");
    this.stop.reset();
  }
}

/** A still, or a film that plays. `files` are URLs by type. */
export function figure(files, label) {
  if (!files.webm && !files.hevc && !files.stacked_video) return still(files.transparent_image ?? files.image, label);
  const box = h("div", { class: "figure film", role: "img", "aria-label": label });
  if (files.transparent_image) box.append(h("img", { class: "poster", src: files.transparent_image, alt: "" }));
  player().then((there) => {
    const film = there ? played(files) : video(files);
    film.addEventListener(there ? "ready" : "playing", () => box.querySelector(".poster")?.remove(), { once: true });
    box.append(film);
  });
  return box;
}

export const still = (url, label) => h("img", { class: "figure", src: url, alt: label, width: 512, height: 512, decoding: "async" });

const played = (files) =>
  h("mascot-player", { webm: files.webm, hevc: files.hevc, stacked: files.stacked_video, still: files.transparent_image, alt: "" });

const video = (files) =>
  h("video", { src: files.webm ?? files.hevc, loop: true, muted: true, playsinline: true, autoplay: !reducedMotion(), "aria-hidden": "true", disablepictureinpicture: true });

/** A button that stops all films in a place, and lets them go on. Who wants less motion starts them with it. */
export function stopper(place) {
  const button = h("button", { type: "button", class: "icon-button" });
  let playing;
  const tell = () => {
    fill(button, icon(playing ? "pause" : "play"));
    button.setAttribute("aria-label", playing ? "Pause" : "Play");
  };
  button.reset = () => {
    playing = !reducedMotion();
    tell();
  };
  button.addEventListener("click", () => {
    playing = !playing;
    for (const film of place.querySelectorAll("mascot-player, .film video")) {
      if (playing) film.setAttribute("motion", "always");
      if (playing) film.play();
      else film.pause();
    }
    tell();
  });
  button.reset();
  return button;
}
