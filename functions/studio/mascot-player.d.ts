/**
 * Types of <mascot-player>, for TypeScript. What each name means: docs/10-player.md.
 *
 * Copy this file into your project, beside a copy of mascot-player.js, or name the module by its URL:
 *   declare module "https://your-host/mascot-player.js" { export * from "./mascot-player"; }
 */

/** A file with an alpha channel that browsers play, or the stacked film. */
export type FilmFormat = "hevc" | "webm" | "stacked";
export type Format = FilmFormat | "still";
export type InputValue = boolean | number;

/** Whether this browser shows a format. Replace one before the first player starts to decide yourself. */
export declare const detect: Record<FilmFormat, () => Promise<boolean>>;

/** The attributes of the element, as HTML has them. */
export interface MascotPlayerAttributes {
  webm?: string;
  hevc?: string;
  stacked?: string;
  still?: string;
  item?: string;
  config?: string;
  api?: string;
  "api-key"?: string;
  alt?: string;
  once?: boolean | "";
  motion?: "always";
  loading?: "eager";
}

/** The events of the element alone, beside those of every HTMLElement. */
export interface MascotPlayerEvents {
  ready: CustomEvent<{ format: Format }>;
  play: CustomEvent<null>;
  pause: CustomEvent<null>;
  ended: CustomEvent<null>;
  statechange: CustomEvent<{ from: string; to: string; edge: string }>;
  refused: CustomEvent<{ message: string }>;
  error: CustomEvent<{ message: string; url?: string; format?: FilmFormat }>;
}

type ElementEvents = Omit<HTMLElementEventMap, keyof MascotPlayerEvents>;
export interface MascotPlayerEventMap extends ElementEvents, MascotPlayerEvents {}

export declare class MascotPlayer extends HTMLElement {
  /** How the mascot is shown, or null while that is open. */
  readonly format: Format | null;
  /** The id of the state that a canvas is in. */
  readonly state: string | null;
  readonly paused: boolean;
  /** A canvas, version 2.0: its URL, or the object itself. */
  get config(): Canvas | string | null;
  set config(value: Canvas | string | null);
  play(): void;
  pause(): void;
  /** Set an input of the canvas. Throws if there is none of that name, or it takes something else. */
  setInput(name: string, value: InputValue): void;
  /** Fire a trigger: it holds for one decision. */
  trigger(name: string): void;

  addEventListener<Name extends keyof MascotPlayerEventMap>(
    name: Name,
    listener: (this: MascotPlayer, event: MascotPlayerEventMap[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    name: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Name extends keyof MascotPlayerEventMap>(
    name: Name,
    listener: (this: MascotPlayer, event: MascotPlayerEventMap[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    name: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

// --- A canvas, as GET /v1/canvases/:id/export answers it ---

export interface Canvas {
  version: string;
  name?: string | null;
  initialNode?: string | null;
  autoPlay?: boolean;
  nodes: CanvasNode[];
  edges: CanvasEdge[];
  inputs?: CanvasInput[];
}

export interface CanvasNode {
  id: string;
  name?: string;
  transparentThumbnailUrl?: string | null;
  stillUrl?: string | null;
}

export interface CanvasEdge {
  id: string;
  /** The id of a node, or "*" for every node but the target. */
  source: string;
  target: string;
  isLoop?: boolean;
  duration?: number;
  conditions?: CanvasCondition[];
  videos?: Partial<Record<FilmFormat, string | null>>;
  priority?: number;
  speed?: number;
  sizes?: Record<string, Partial<Record<FilmFormat, string>>>;
}

export interface CanvasCondition {
  input: string;
  op?: "==" | "!=" | ">" | "<" | ">=" | "<=" | "eq" | "neq" | "gt" | "lt" | "gte" | "lte";
  value?: InputValue;
}

export interface CanvasInput {
  name: string;
  type: "boolean" | "number" | "trigger";
  default?: InputValue;
  system?: boolean;
}

declare global {
  interface HTMLElementTagNameMap {
    "mascot-player": MascotPlayer;
  }
}
