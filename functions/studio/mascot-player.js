/**
 * <mascot-player>: a mascot with real transparency, in whatever way this browser can show it.
 *
 * One module without dependencies. It plays one item, or a canvas (a state machine of films).
 * Attributes, properties, methods and events: docs/10-player.md.
 */

/** The ways to show a film, the best one first. */
const FORMATS = ["hevc", "webm", "stacked"];

// One frame of 64 × 64 from our own encoder: its left half is opaque, its right half is not.
const SAMPLES = {
  hevc: "data:video/quicktime;base64,AAAAFGZ0eXBxdCAgAAACAHF0ICAAAANhbW9vdgAAAGxtdmhkAAAAAAAAAAAAAAAAAAAD6AAAAGQAAQAAAQAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgAAAu10cmFrAAAAXHRraGQAAAADAAAAAAAAAAAAAAABAAAAAAAAAGQAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAABAAAAAAEAAAABAAAAAAAAkZWR0cwAAABxlbHN0AAAAAAAAAAEAAABkAAAAAAABAAAAAAJlbWRpYQAAACBtZGhkAAAAAAAAAAAAAAAAAAAoAAAABAB//wAAAAAALWhkbHIAAAAAbWhscnZpZGUAAAAAAAAAAAAAAAAMVmlkZW9IYW5kbGVyAAACEG1pbmYAAAAUdm1oZAAAAAEAAAAAAAAAAAAAACxoZGxyAAAAAGRobHJ1cmwgAAAAAAAAAAAAAAAAC0RhdGFIYW5kbGVyAAAAJGRpbmYAAAAcZHJlZgAAAAAAAAABAAAADHVybCAAAAABAAABpHN0YmwAAAFAc3RzZAAAAAAAAAABAAABMGh2YzEAAAAAAAAAAQAAAABGRk1QAAACAAAAAgAAQABAAEgAAABIAAAAAAAAAAEMTGF2YyBsaWJ4MjY1AAAAAAAAAAAAAAAAAAAAAAAAAAAY//8AAADQaHZjQwEBYAAAAJAAAAAAAB7wAPz9+PgAAA8EoAABADdAAQwR//8BYAAAAwCQAAADAAADAB6VmBW/HhgAAQcEODgIAAAE/EAAAAMAAPRoAgACBQBRSs1IoQACACpCAQEBYAAAAwCQAAADAAADAB6gIIEFllZpJMrmoEBAIIAAAAMAgAAABQQAIUIJAQFgAAADAJAAAAMAAAMAHkgIIEFllZpJMrmoEBAIBKIAAgAHRAHBcrQiQAAHRAlIFysCJCcAAQAJTgGlBAAAf5CAAAAACmZpZWwBAAAAABhzdHRzAAAAAAAAAAEAAAABAAAEAAAAABxzdHNjAAAAAAAAAAEAAAABAAAAAQAAAAEAAAAUc3RzegAAAAAAAAApAAAAAQAAABRzdGNvAAAAAAAAAAEAAAOFAAAACHdpZGUAAAAxbWRhdAAAAA8oAa8TgOZo47/89M/H9s8AAAASKAmTxODmmTUPS2e1//b7j+Ju",
  webm: "data:video/webm;base64,GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQJChYECGFOAZwEAAAAAAAH2EU2bdLpNu4tTq4QVSalmU6yBoU27i1OrhBZUrmtTrIHGTbuMU6uEElTDZ1OsggEqTbuMU6uEHFO7a1OsggHg7AEAAAAAAABZAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmoCrXsYMPQkBNgIRMYXZmV0GETGF2ZkSJiEBZAAAAAAAAFlSua9+uAQAAAAAAAFbXgQFzxYgAAAAAAAAAAZyBACK1nIN1bmSIgQCGhVZfVlA5g4EBI+ODhAX14QDgmLCBQLqBQJqBAlPAgQFVsIhVsYEBVbmBAVXugQHsAQAAAAAAAAIAABJUw2fUc3PRY8CLY8WIAAAAAAAAAAFnyJxFo4dFTkNPREVSRIePTGF2YyBsaWJ2cHgtdnA5Z8ihRaOIRFVSQVRJT05Eh5MwMDowMDowMC4xMDAwMDAwMDAAH0O2ddjngQCg06GjgQAAAIJJg0JAA/AD9gA4JBwYPgAAMGAAAGc///9Z6PE7swB1oaumqe6BAaWkgkmDQgAD8AP2ADgkHBg+AAAwYAAAKKf//6/YbH//+v0N4AAAHFO7a5G7j7OBALeK94EB8YIBg/CBAw==",
};
const LOOKS = 150; // at a sample that is in memory already, one each 20 milliseconds
const UNSEEN = 0.002; // too little to see; what has none at all flashes when it is shown at last
const NEAR = "200px"; // from the screen: what is farther away neither loads nor plays

/**
 * Whether this browser shows a format. Each is asked once per page, and only if there is a film to
 * show in it. Whoever replaces one of these before the first player starts decides himself.
 */
export const detect = {
  hevc: () => showsAlpha(SAMPLES.hevc),
  webm: () => showsAlpha(SAMPLES.webm),
  stacked: async () => !!silent().canPlayType('video/mp4; codecs="avc1.64001f"') && !!painter(),
};
const answers = {};
const shows = (format) => (answers[format] ??= detect[format]().catch(() => false));

const silent = () => {
  const video = document.createElement("video");
  video.muted = video.playsInline = video.disableRemotePlayback = true;
  video.preload = "auto";
  video.setAttribute("muted", ""); // older WebKit asks for the attributes
  video.setAttribute("playsinline", "");
  return video;
};

/** Call back when a frame is on its way to the screen; at the next one, if one is there already. */
const onFrame = (video, call) =>
  video.requestVideoFrameCallback
    ? video.requestVideoFrameCallback(call)
    : requestAnimationFrame(() =>
        video.readyState > 1 && video.currentTime > 0 ? call() : onFrame(video, call),
      );

const release = (video) => {
  video.onerror = video.onended = video.ontimeupdate = null;
  video.pause();
  video.removeAttribute("src");
  video.load();
};

/** What browsers say of themselves is not to be relied on: play the sample and look at its pixels. */
async function showsAlpha(url) {
  const video = silent();
  const context = new OffscreenCanvas(2, 1).getContext("2d", { willReadFrequently: true });
  let pixels;
  video.src = url;
  video.play().catch(() => {});
  // Some draw nothing before the film plays, or even for a while after it has ended. That is not
  // the transparency that is meant, and no event says when it is over.
  for (let looks = 0; looks < LOOKS && !video.error && !(pixels?.[3] > 200); looks++) {
    await new Promise((look) => setTimeout(look, 20));
    context.clearRect(0, 0, 2, 1);
    context.drawImage(video, 0, 0, 2, 1);
    pixels = context.getImageData(0, 0, 2, 1).data;
  }
  release(video);
  return pixels[3] > 200 && pixels[7] < 50;
}

// --- Stacked films: premultiplied colour in the upper half, alpha as grey in the lower one --------

const CORNERS = `
attribute vec2 corner;
varying vec2 at; // from the upper left of the picture, 0 to 1
void main() {
  at = vec2(corner.x, 1.0 - corner.y);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;
const UNSTACK = `
precision highp float;
uniform sampler2D film;
uniform float edge; // half a line of the frame, so that neither half blurs into the other
varying vec2 at;
vec4 frame(float x, float y) {
  return texture2D(film, vec2(x, y));
}
void main() {
  float upper = min(at.y * 0.5, 0.5 - edge);
  float lower = max(at.y * 0.5 + 0.5, 0.5 + edge);
  float alpha = frame(at.x, lower).r;
  gl_FragColor = vec4(min(frame(at.x, upper).rgb, alpha), alpha);
}`;

// One context for all players, since browsers give a page but a few.
let gl = null;
let edge = null;
let painted = 0; // films that use it

function painter() {
  if (gl && !gl.isContextLost()) return gl;
  gl = document.createElement("canvas").getContext("webgl", { antialias: false, depth: false });
  if (!gl) return null;
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, CORNERS],
    [gl.FRAGMENT_SHADER, UNSTACK],
  ]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.bindAttribLocation(program, 0, "corner");
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return (gl = null);
  gl.useProgram(program);
  edge = gl.getUniformLocation(program, "edge");
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
  gl.enableVertexAttribArray(0);
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) {
    gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
  }
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
  return gl;
}

/** Draw the frame that a stacked film shows now. Throws if its server does not let us read it. */
function paint(video, view) {
  const gl = painter();
  if (!gl) throw new Error("WebGL has gone away");
  const [width, height] = [video.videoWidth, video.videoHeight >> 1];
  if (view.width !== width || view.height !== height) Object.assign(view, { width, height });
  const { canvas } = gl;
  if (canvas.width < width) canvas.width = width;
  if (canvas.height < height) canvas.height = height;
  gl.viewport(0, 0, width, height);
  gl.uniform1f(edge, 0.5 / video.videoHeight);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, video);
  gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  const context = view.getContext("2d");
  context.globalCompositeOperation = "copy";
  context.drawImage(canvas, 0, canvas.height - height, width, height, 0, 0, width, height);
}

/** One film in one format: a media element, and what is seen of it. */
class Film {
  constructor(format, url, loops) {
    Object.assign(this, { format, url, loops });
    this.video = silent();
    this.view = this.video;
    if (format === "stacked") {
      this.video.crossOrigin = "anonymous"; // or its pixels could not be read
      this.view = document.createElement("canvas");
      painted++;
    }
  }

  /** Decode the first frame, unseen, and stay there. Rejects if that can't be done. */
  open(root, source) {
    return new Promise((resolve, reject) => {
      this.fail = reject;
      this.video.onerror = () => this.fail(new Error(this.video.error?.message || "broken"));
      const first = () => {
        if (!this.#draw()) return;
        this.video.pause();
        resolve(this);
      };
      this.view.part = "film";
      this.view.style.opacity = UNSEEN;
      root.append(this.view);
      this.video.src = source;
      // Some load nothing before they are told to play.
      this.video.play().catch((error) => error.name === "AbortError" || this.fail(error));
      onFrame(this.video, first);
    });
  }

  #draw = () => {
    if (!this.video || this.format !== "stacked") return !!this.video;
    try {
      paint(this.video, this.view);
      onFrame(this.video, this.#draw);
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  };

  play(speed = this.video.playbackRate) {
    this.video.playbackRate = speed;
    this.video.play().catch(() => {});
  }

  close() {
    if (!this.video) return;
    release(this.video);
    this.video = null;
    this.view.remove();
    this.fail(new DOMException("closed", "AbortError"));
    if (this.format === "stacked" && !--painted && gl) {
      gl.getExtension("WEBGL_lose_context")?.loseContext();
      gl = null;
    }
  }
}

// --- What there is to play ----------------------------------------------------------------------

/** The files for so many pixels, the best one first: enough of them, else as many as there are. */
function files(full, sizes = {}, kind, pixels) {
  const widths = Object.keys(sizes).map(Number).filter((width) => sizes[width]?.[kind]);
  widths.sort((one, other) => one - other);
  const enough = widths.find((width) => width >= pixels);
  const urls = [enough && sizes[enough][kind], full, sizes[widths.at(-1)]?.[kind]];
  return [...new Set(urls)].filter(Boolean);
}

/** "fox.webm, fox-256.webm 256w" as full size and variants, as in the srcset of a picture. */
function variants(text, kind, sizes) {
  let full;
  for (const part of (text ?? "").split(/,\s+/)) {
    const [url, width] = part.trim().split(/\s+/);
    if (/^\d+w$/.test(width)) (sizes[parseInt(width)] ??= {})[kind] = url;
    else full = url || full;
  }
  return full;
}

/** One item as a canvas of one state, or of two if it is played once. */
function single({ videos, still, sizes, once }) {
  const node = { id: "start", stillUrl: still, sizes };
  const film = { id: "film", source: "start", target: once ? "end" : "start", videos, sizes };
  return {
    single: true,
    nodes: [node, { ...node, id: "end" }],
    edges: Object.values(videos).some(Boolean) || Object.keys(sizes).length ? [film] : [],
    initialNode: "start",
  };
}

const OPS = {
  "==": (one, other) => one === other,
  "!=": (one, other) => one !== other,
  ">": (one, other) => one > other,
  "<": (one, other) => one < other,
  ">=": (one, other) => one >= other,
  "<=": (one, other) => one <= other,
};
const ALIASES = { eq: "==", neq: "!=", gt: ">", lt: "<", gte: ">=", lte: "<=" };
const conditions = (edge) => edge.conditions ?? [];
/** Whether an edge is what a state rests in. A loop with conditions is a reaction instead. */
const rests = (edge) => edge.source === edge.target && !conditions(edge).length;

// What the player itself sets, in a canvas that has system inputs of these names.
const POINTED = ["clicked", "hovered"];
const COUNTED = ["loopCount", "nodeTime"];

const STYLE = `
:host { display: inline-block; position: relative; aspect-ratio: 1; contain: size layout;
  contain-intrinsic-size: 256px; min-width: 0; min-height: 0; }
:host([hidden]) { display: none; }
img, video, canvas { position: absolute; inset: 0; width: 100%; height: 100%;
  object-fit: contain; pointer-events: none; }`;

// A server that renders the page may import this, too.
const Base = globalThis.HTMLElement ?? class {};

export class MascotPlayer extends Base {
  static observedAttributes = [
    ...["item", "api", "key", "api-key", "config", "webm", "hevc", "stacked", "still", "once"],
    ...["alt", "motion"],
  ];

  #root;
  #poster; // the still, seen while no film is
  #life = null; // ends with everything that was begun for the present sources
  #given = null; // a canvas that was given as an object
  #canvas = null;
  #values = new Map(); // of the inputs
  #node = null; // the state we are in, or are leaving
  #moving = null; // the edge that is under way; nothing interrupts it
  #resting = false; // whether the state's loop is there, or none is to come
  #film = null; // what is seen
  #next = null; // what will probably be seen next
  #films = new Set();
  #turn = 0; // what was begun in an earlier turn is not wanted any more
  #passed = new Set(); // states that we went through without any film since something happened
  #broken = new Set(); // URLs
  #fetched = new Map(); // the films of the edges that lead away, by URL
  #wanted = true;
  #near = false;
  #playing = false;
  #still = false; // whether nothing must move
  #ready = false;
  #pixels = 0;
  #wake = []; // who waits until films may play

  constructor() {
    super();
    this.#root = this.attachShadow({ mode: "open" });
    // Neither markup nor a <style>: pages with a strict Content-Security-Policy refuse both.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#root.adoptedStyleSheets = [sheet];
    this.#poster = document.createElement("img");
    Object.assign(this.#poster, { alt: "", hidden: true }).part.add("still");
    this.#root.append(this.#poster);
  }

  // --- What a page sees ---------------------------------------------------------------------------

  /** How the mascot is shown: "hevc", "webm", "stacked", "still", or null while that is open. */
  get format() {
    return this.#film?.format ?? (this.#ready ? "still" : null);
  }

  /** The id of the state that a canvas is in. */
  get state() {
    return this.#canvas?.single ? null : this.#node;
  }

  get paused() {
    return !this.#playing;
  }

  /** A canvas, version 2.0: its URL, or the object itself. */
  get config() {
    return this.#given ?? this.getAttribute("config");
  }

  set config(value) {
    this.#given = typeof value === "object" ? value : null;
    if (typeof value === "string") this.setAttribute("config", value);
    else this.#restart();
  }

  play() {
    this.#wanted = true;
    this.#sync();
    // A browser that refused to play by itself does so when somebody has clicked.
    if (this.#canvas && !this.#film && !this.#moving) this.#arrive(this.#node);
  }

  pause() {
    this.#wanted = false;
    this.#sync();
  }

  /** Set an input of the canvas. Before the canvas is there, it is kept for it. */
  setInput(name, value) {
    if (this.#canvas) this.#check(name, value);
    this.#values.set(name, value);
    this.#passed.clear();
    this.#consider();
  }

  /** Fire a trigger: it holds for one decision. */
  trigger(name) {
    this.setInput(name, true);
  }

  // --- Coming and going ---------------------------------------------------------------------------

  connectedCallback() {
    if (Object.hasOwn(this, "config")) {
      // It was given before this module was there, to an element that did not know of it.
      const { config } = this;
      delete this.config;
      this.config = config;
    }
    this.#restart();
  }

  disconnectedCallback() {
    this.#stop();
  }

  attributeChangedCallback(name, old, value) {
    if (old === value || !this.#life) return;
    if (name === "alt") this.#label();
    else if (name === "motion") this.#sync();
    else this.#restart();
  }

  #stop() {
    this.#life?.abort();
    this.#life = null;
    this.#turn++;
    for (const film of this.#films) film.close();
    for (const source of this.#fetched.values()) source.then((url) => URL.revokeObjectURL(url));
    this.#films.clear();
    this.#fetched.clear();
    this.#broken.clear();
    this.#film = this.#next = this.#canvas = this.#moving = this.#node = null;
    this.#near = this.#playing = this.#ready = this.#resting = false;
    this.#sync();
  }

  /** Begin anew with what the attributes say, once however many of them change together. */
  async #restart() {
    if (!this.isConnected) return;
    this.#stop();
    const life = (this.#life = new AbortController());
    const { signal } = life;
    await null;
    if (signal.aborted) return;
    this.#label();
    this.#watch(signal);
    await new Promise((resolve) => {
      const seen = (entries) => {
        this.#near = entries.at(-1).isIntersecting;
        if (this.#near) resolve();
        this.#sync();
      };
      const watcher = new IntersectionObserver(seen, { rootMargin: NEAR });
      watcher.observe(this);
      signal.addEventListener("abort", () => watcher.disconnect());
      if (this.getAttribute("loading") === "eager") resolve();
    });
    this.#measure();
    let canvas = this.#attributes();
    this.#show(canvas.nodes[0]);
    try {
      canvas = (await this.#load(signal)) ?? canvas;
    } catch (error) {
      this.#complain(error, signal);
    }
    if (signal.aborted) return;
    this.#begin(canvas, signal);
  }

  #watch(signal) {
    const on = (target, name, call) => target.addEventListener(name, call, { signal });
    on(document, "visibilitychange", () => this.#sync());
    on(matchMedia("(prefers-reduced-motion: reduce)"), "change", () => this.#sync());
    const watcher = new ResizeObserver(() => this.#measure());
    watcher.observe(this);
    signal.addEventListener("abort", () => watcher.disconnect());
  }

  // --- Sources ------------------------------------------------------------------------------------

  #attributes() {
    const sizes = {};
    const read = (kind) => variants(this.getAttribute(kind), kind, sizes);
    const videos = Object.fromEntries(FORMATS.map((format) => [format, read(format)]));
    return single({ videos, still: read("still"), sizes, once: this.hasAttribute("once") });
  }

  /** The canvas that is asked for; nothing if the attributes say it all. */
  async #load(signal) {
    if (this.#given) return this.#given;
    const api = new URL(this.getAttribute("api") ?? "/v1", import.meta.url).href.replace(/\/$/, "");
    const [config, item] = [this.getAttribute("config"), this.getAttribute("item")];
    const url = config ? new URL(config, document.baseURI).href : `${api}/items/${item}/best`;
    if (!config && !item) return null;
    // React keeps an attribute named `key` for itself.
    const key = this.getAttribute("api-key") ?? this.getAttribute("key");
    const ours = url.startsWith(`${api}/`); // nobody else is told the key
    const headers = key && ours ? { Authorization: `Bearer ${key}` } : {};
    const response = await fetch(url, { headers, signal });
    const body = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(body.error?.message ?? `${url} answered ${response.status}`);
    return config ? absolute(body.data ?? body, url) : best(body.data, this.hasAttribute("once"));
  }

  #begin(canvas, signal) {
    this.#canvas = canvas;
    if (canvas.autoPlay === false) this.#wanted = false;
    for (const { name, type, default: value } of canvas.inputs ?? []) {
      if (!this.#values.has(name)) this.#values.set(name, value ?? (type === "number" ? 0 : false));
    }
    this.#label();
    this.#listen(signal);
    this.#sync();
    this.#arrive(canvas.initialNode ?? canvas.nodes[0]?.id);
  }

  // --- People -------------------------------------------------------------------------------------

  #system(name) {
    return this.#canvas?.inputs?.some((input) => input.system && input.name === name);
  }

  #listen(signal) {
    const on = (name, call) => this.addEventListener(name, call, { signal });
    if (this.#system("clicked")) {
      on("click", () => this.trigger("clicked"));
      on("keydown", (event) => {
        if (event.target !== this || event.repeat || ![" ", "Enter"].includes(event.key)) return;
        event.preventDefault(); // a blank would scroll the page
        this.click();
      });
    }
    if (this.#system("hovered")) {
      let [pointed, focused] = [false, false];
      const tell = () => this.setInput("hovered", pointed || focused);
      on("pointerenter", () => tell((pointed = true)));
      on("pointerleave", () => tell((pointed = false)));
      on("focus", () => tell((focused = this.matches(":focus-visible"))));
      on("blur", () => tell((focused = false)));
    }
  }

  /** Say what it is to those who don't see it, unless the page does. */
  #label() {
    const alt = this.getAttribute("alt");
    const own = (name, value) => {
      if (this.hasAttribute(name) && !this.#labelled.has(name)) return;
      this.#labelled.add(name);
      if (value === null) this.removeAttribute(name);
      else this.setAttribute(name, value);
    };
    const reacts = POINTED.some((name) => this.#system(name));
    own("role", this.#system("clicked") ? "button" : "img");
    own("aria-label", alt || (alt === "" ? null : this.#canvas?.name ?? "Mascot"));
    own("aria-hidden", alt === "" && !reacts ? "true" : null);
    own("tabindex", reacts ? "0" : null);
  }
  #labelled = new Set();

  // --- Playing, or not ----------------------------------------------------------------------------

  #measure() {
    const had = this.#pixels;
    this.#pixels = Math.max(this.clientWidth, this.clientHeight) * devicePixelRatio;
    if (this.#pixels > had && this.#canvas) this.#consider();
  }

  #sync() {
    const calm =
      this.getAttribute("motion") !== "always" &&
      matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (calm !== this.#still) {
      this.#still = calm;
      if (this.#canvas) {
        this.#drop();
        this.#arrive(this.#moving?.target ?? this.#node);
      }
    }
    this.#awake();
    const playing = !!this.#film && this.#runs();
    if (playing && this.#film.video.paused && !this.#film.video.ended) this.#film.play();
    if (!playing) this.#film?.video.pause();
    if (playing === this.#playing) return;
    this.#playing = playing;
    this.#tell(playing ? "play" : "pause");
  }

  #runs() {
    return this.#wanted && this.#near && !this.#still && !document.hidden;
  }

  #awake() {
    if (this.#runs() || this.#still || !this.#life) this.#wake.splice(0).forEach((go) => go());
  }

  /** The still of a state, in the size that fits; a broken one makes way for the next. */
  #show(node) {
    const full = node.stillUrl ?? node.transparentThumbnailUrl;
    const urls = files(full, node.sizes, "still", this.#pixels);
    const poster = this.#poster;
    const next = () => {
      const url = urls.shift();
      poster.hidden = !url;
      if (url && poster.getAttribute("src") !== url) poster.src = url;
    };
    poster.onerror = next;
    next();
  }

  /** Take what is seen away, so that the still is. */
  #drop() {
    this.#turn++;
    this.#poster.style.opacity = 1;
    this.#close(this.#film);
    this.#film = null;
  }

  #close(film) {
    film?.close();
    this.#films.delete(film);
  }

  /** An edge's film at its first frame, unseen, or null if there is none that can be shown. */
  async #open(edge) {
    for (const format of FORMATS) {
      for (const url of files(edge.videos?.[format], edge.sizes, format, this.#pixels)) {
        if (this.#broken.has(url) || !(await shows(format))) continue;
        if (!this.#runs() && !this.#still) await new Promise((go) => this.#wake.push(go));
        if (this.#still || !this.#life) return null;
        const source = (await this.#fetched.get(url)) ?? url;
        const film = new Film(format, url, rests(edge));
        this.#films.add(film);
        try {
          await film.open(this.#root, source);
          film.fail = (error) => this.#broke(film, error);
          return film;
        } catch (error) {
          this.#close(film);
          if (error.name === "AbortError") return null;
          if (error.name === "NotAllowedError") return this.#refused();
          this.#broken.add(url);
          this.#complain(error, this.#life.signal, { url, format });
        }
      }
    }
    return null;
  }

  /** It may not play before somebody has clicked: the still is shown, and `play()` tries again. */
  #refused() {
    this.#wanted = false;
    return null;
  }

  /** A film ended too early: go on with another format, or the still. */
  #broke(film, error) {
    if (film !== this.#film || error.name === "AbortError") return;
    this.#broken.add(film.url);
    this.#complain(error, this.#life.signal, { url: film.url, format: film.format });
    this.#drop();
    this.#arrive(this.#moving?.target ?? this.#node, this.#moving);
  }

  #prepare(edge) {
    if (this.#next?.edge === edge && this.#next.pixels === this.#pixels) return;
    this.#next?.film.then((film) => this.#close(film));
    this.#next = edge ? { edge, pixels: this.#pixels, film: this.#open(edge) } : null;
  }

  /** Show an edge's film from its first frame on. What was seen stays until that frame is there.
   *  Tells whether there is one, or undefined if something else has come between. */
  async #bring(edge) {
    const turn = ++this.#turn;
    this.#prepare(edge);
    const film = await this.#next?.film;
    if (turn !== this.#turn) return undefined;
    this.#next = null;
    if (!film) return false;
    this.#poster.style.opacity = 0;
    film.view.style.opacity = 1;
    this.#close(this.#film);
    this.#film = film;
    film.pixels = this.#pixels;
    film.video.playbackRate = edge.speed ?? 1;
    film.video.loop = film.loops;
    this.#passed.clear();
    this.#sync();
    return true;
  }

  // --- The state machine --------------------------------------------------------------------------

  /** Be in a state, `via` an edge: rest in its loop until an edge leads away. */
  async #arrive(id, via = null) {
    const canvas = this.#canvas;
    const node = canvas.nodes.find((one) => one.id === id);
    if (!node) return this.#complain(new Error(`The canvas has no node "${id}".`));
    const from = this.#node;
    this.#node = id;
    this.#moving = null;
    this.#resting = false;
    this.#count(0, 0);
    this.#show(node);
    if (via) this.#tell(canvas.single ? "ended" : "statechange", { from, to: id, edge: via.id });
    const away = this.#away();
    if (away) return this.#follow(away);
    const loop = this.#loop();
    const plays = loop && (await this.#bring(loop));
    if (plays === undefined || canvas !== this.#canvas) return;
    this.#resting = true;
    if (plays) this.#rest(loop);
    if (!this.#ready) {
      this.#ready = true;
      this.#tell("ready", { format: this.format });
    }
    this.#consider();
    this.#fetch();
  }

  #loop() {
    return this.#sorted().find((edge) => edge.source === this.#node && rests(edge)) ?? null;
  }

  #rest(loop) {
    const { video } = this.#film;
    let [last, loops, spent] = [0, 0, 0];
    video.ontimeupdate = () => {
      const now = video.currentTime;
      spent += now < last ? now : now - last;
      if (now < last) loops++;
      last = now;
      if (COUNTED.some((name) => this.#system(name))) this.#consider(this.#count(loops, spent));
    };
    video.onended = async () => {
      this.#count(loops + 1, spent);
      const away = this.#away();
      if (away) this.#follow(away);
      else if (await this.#bring(loop)) this.#consider(this.#rest(loop)); // in the size that fits now
    };
  }

  #count(loops, seconds) {
    if (this.#system("loopCount")) this.#values.set("loopCount", loops);
    if (this.#system("nodeTime")) this.#values.set("nodeTime", seconds);
  }

  /** Look for an edge that leads away now, and take it at once or when the loop comes round. */
  #consider() {
    if (!this.#canvas || this.#moving || this.#node === null) return;
    const away = this.#away();
    const resting = this.#film?.loops && this.#resting;
    if (away && (!resting || this.#hurries(away))) {
      this.#follow(away);
    } else if (resting) {
      const loop = this.#loop();
      const grown = this.#film.pixels < this.#pixels && this.#finer(loop);
      this.#film.video.loop = !away && !grown;
      this.#prepare(away ?? (grown ? loop : null));
    }
    if (!away) this.#reset();
  }

  #finer(loop) {
    const { format, url } = this.#film;
    return files(loop.videos?.[format], loop.sizes, format, this.#pixels)[0] !== url;
  }

  async #follow(edge) {
    this.#moving = edge;
    this.#reset();
    const plays = await this.#bring(edge);
    if (plays === undefined) return;
    if (!plays) {
      this.#passed.add(this.#node).add(edge.target);
      return this.#arrive(edge.target, edge);
    }
    this.#film.video.onended = () => this.#arrive(edge.target, edge);
    const loop = this.#sorted().find((one) => one.source === edge.target && rests(one));
    this.#prepare(loop ?? null);
  }

  #sorted() {
    return [...this.#canvas.edges].sort((one, other) => (other.priority ?? 0) - (one.priority ?? 0));
  }

  /** The edge that leads away: of those whose conditions hold the one of the highest priority. */
  #away() {
    const node = this.#node;
    return this.#sorted().find(
      (edge) =>
        (edge.source === node || (edge.source === "*" && edge.target !== node)) &&
        !rests(edge) &&
        !this.#passed.has(edge.target) &&
        // Without conditions, it leads on when the loop has been seen once.
        (conditions(edge).length || this.#resting || !this.#loop()) &&
        conditions(edge).every(({ input, op = "==", value = true }) =>
          OPS[ALIASES[op] ?? op]?.(this.#values.get(input) ?? false, value),
        ),
    );
  }

  /** Whether an edge does not wait for the loop's seam: who fires or points at something is waiting. */
  #hurries({ wait, ...edge }) {
    const prompt = (name) =>
      POINTED.includes(name) ||
      this.#canvas.inputs?.some((input) => input.name === name && input.type === "trigger");
    return wait === undefined ? conditions(edge).some(({ input }) => prompt(input)) : !wait;
  }

  #reset() {
    for (const { name, type } of this.#canvas.inputs ?? []) {
      if (type === "trigger") this.#values.set(name, false);
    }
  }

  #check(name, value) {
    const inputs = this.#canvas.inputs ?? [];
    const input = inputs.find((one) => one.name === name);
    if (!input) {
      const names = inputs.map((one) => one.name).join(", ") || "none";
      throw new RangeError(`The canvas has no input "${name}"; it has ${names}.`);
    }
    const wanted = input.type === "number" ? "number" : "boolean";
    if (typeof value !== wanted) throw new TypeError(`The input "${name}" takes a ${wanted}.`);
  }

  /** Fetch what may be needed from here, and forget what may not. */
  async #fetch() {
    const turn = this.#turn;
    const wanted = new Set();
    for (const edge of this.#canvas.edges) {
      if ((edge.source !== this.#node && edge.source !== "*") || rests(edge)) continue;
      for (const format of FORMATS) {
        const [url] = files(edge.videos?.[format], edge.sizes, format, this.#pixels);
        if (!url || this.#broken.has(url) || !(await shows(format))) continue;
        wanted.add(url);
        break;
      }
    }
    if (turn !== this.#turn || this.#still) return;
    for (const [url, source] of this.#fetched) {
      if (wanted.has(url)) continue;
      this.#fetched.delete(url);
      source.then((local) => URL.revokeObjectURL(local));
    }
    for (const url of wanted) {
      if (!this.#fetched.has(url)) this.#fetched.set(url, local(url, this.#life.signal));
    }
  }

  // --- Telling ------------------------------------------------------------------------------------

  #tell(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #complain(error, signal = null, detail = {}) {
    if (signal?.aborted) return;
    this.#tell("error", { message: error.message, ...detail });
  }
}

/** A file as an object URL; its own, if the server does not let us have it. */
const local = (url, signal) =>
  fetch(url, { signal })
    .then((response) => (response.ok ? response.blob() : Promise.reject()))
    .then(URL.createObjectURL)
    .catch(() => url);

/** A canvas whose URLs may be relative to its own. */
function absolute(canvas, base) {
  const text = (key, value) =>
    typeof value === "string" && /^(webm|hevc|stacked|still|stillUrl|transparentThumbnailUrl)$/.test(key)
      ? new URL(value, base).href
      : value;
  return JSON.parse(JSON.stringify(canvas), text);
}

/** What `GET /v1/items/:id/best` answers, as a canvas. */
function best(found, once) {
  const kinds = { webm: "webm", hevc: "hevc", stacked_video: "stacked", transparent_image: "still" };
  const [full, sizes] = [{}, {}];
  for (const [key, { url }] of Object.entries(found)) {
    const [, type, width] = /^(.*?)(?:_(\d+))?$/.exec(key);
    const kind = kinds[type];
    if (kind) (width ? (sizes[width] ??= {}) : full)[kind] = url;
  }
  const { still, ...videos } = full;
  return single({ videos, still, sizes, once });
}

globalThis.customElements?.get("mascot-player") ??
  globalThis.customElements?.define("mascot-player", MascotPlayer);
