// What a user of TypeScript writes. Each @ts-expect-error is a mistake that has to be found.
import { MascotPlayer, detect, type Canvas } from "./mascot-player";
import "./mascot-react";

const player = document.createElement("mascot-player");
const same: MascotPlayer = player;
same.setInput("happy", true);
player.setInput("depth", 3);
player.trigger("poke");
player.play();
const format: "hevc" | "webm" | "stacked" | "still" | null = player.format;
player.addEventListener("ready", ({ detail }) => detail.format.toUpperCase());
player.addEventListener("statechange", (event) => event.detail.edge + event.detail.from);
player.addEventListener("error", ({ detail: { message, url } }) => message + (url ?? ""));
player.addEventListener("click", (event) => event.clientX);
player.addEventListener("of-my-own", (event) => event.type);
document.querySelector("mascot-player")?.pause();
detect.hevc = async () => false;

const canvas: Canvas = {
  version: "2.0",
  nodes: [{ id: "idle", stillUrl: "idle.png" }],
  edges: [
    { id: "wave", source: "*", target: "idle", conditions: [{ input: "poke", op: "==", value: true }] },
  ],
  inputs: [{ name: "poke", type: "trigger" }],
};
player.config = canvas;
player.config = "canvas.json";

// @ts-expect-error: an input takes a boolean or a number
player.setInput("happy", "yes");
// @ts-expect-error: it can't be set
player.format = "webm";
// @ts-expect-error: a change of state has no format
player.addEventListener("statechange", ({ detail }) => detail.format);
// @ts-expect-error: a canvas has nodes
player.config = { version: "2.0", edges: [] };

export const mascot = (
  <mascot-player
    alt="Felix, waving"
    webm="wave.webm, wave-256.webm 256w"
    still="wave.png"
    motion="always"
    once
    className="mascot"
    style={{ width: 256 }}
    ref={(element) => element?.trigger("poke")}
    onstatechange={({ detail }) => detail.to}
  />
);
// @ts-expect-error: no film has this format
export const wrong = <mascot-player gif="wave.gif" />;
// @ts-expect-error: motion is "always", or left out
export const calm = <mascot-player motion="never" />;

format?.toUpperCase();
