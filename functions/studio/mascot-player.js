/**
 * <mascot-player>: a mascot with real transparency, in whatever way this browser can show it.
 *
 * It has no dependencies, and loads two modules from beside itself when they are needed: canvases
 * and stacked films. Attributes, methods and events: docs/10-player.md.
 */

const FORMATS = ["hevc", "webm", "stacked"]; // the best one first

// One frame of 64 × 64 from our own encoder, its left half opaque, its right half not.
const SAMPLES = {
  hevc: "data:video/quicktime;base64,AAAAFGZ0eXBxdCAgAAACAHF0ICAAAAMcbW9vdgAAAGxtdmhkAAAAAAAAAAAAAAAAAAAD6AAAAGQAAQAAAQAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAgAAAqh0cmFrAAAAXHRraGQAAAADAAAAAAAAAAAAAAABAAAAAAAAAGQAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAABAAAAAAEAAAABAAAAAAAJEbWRpYQAAACBtZGhkAAAAAAAAAAAAAAAAAAAoAAAABAB//wAAAAAAIWhkbHIAAAAAbWhscnZpZGUAAAAAAAAAAAAAAAAAAAAB+21pbmYAAAAUdm1oZAAAAAEAAAAAAAAAAAAAACFoZGxyAAAAAGRobHJ1cmwgAAAAAAAAAAAAAAAAAAAAACRkaW5mAAAAHGRyZWYAAAAAAAAAAQAAAAx1cmwgAAAAAQAAAZpzdGJsAAABNnN0c2QAAAAAAAAAAQAAASZodmMxAAAAAAAAAAEAAAAAAAAAAAAAAgAAAAIAAEAAQABIAAAASAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAGP//AAAA0Gh2Y0MBAWAAAACQAAAAAAAe8AD8/fj4AAAPBKAAAQA3QAEMEf//AWAAAAMAkAAAAwAAAwAelZgVvx4YAAEHBDg4CAAABPxAAAADAAD0aAIAAgUAUUrNSKEAAgAqQgEBAWAAAAMAkAAAAwAAAwAeoCCBBZZWaSTK5qBAQCCAAAADAIAAAAUEACFCCQEBYAAAAwCQAAADAAADAB5ICCBBZZWaSTK5qBAQCASiAAIAB0QBwXK0IkAAB0QJSBcrAiQnAAEACU4BpQQAAH+QgAAAABhzdHRzAAAAAAAAAAEAAAABAAAEAAAAABxzdHNjAAAAAAAAAAEAAAABAAAAAQAAAAEAAAAUc3RzegAAAAAAAAApAAAAAQAAABRzdGNvAAAAAAAAAAEAAAM4AAAAMW1kYXQAAAAPKAGvE4DmaOO//PTPx/bPAAAAEigJk8Tg5pk1D0tntf/2+4/ibg==",
  webm: "data:video/webm;base64,GkXfo4dCgoR3ZWJtGFOAZ0CGFUmpZoAWVK5rn66d14EBc8WBAYOBAYaFVl9WUDngirCBQLqBQFPAgQEfQ7Z12OeBAKDToaOBAAAAgkmDQkAD8AP2ADgkHBg+AAAwYAAAZz///1no8TuzAHWhq6ap7oEBpaSCSYNCAAPwA/YAOCQcGD4AADBgAAAop///r9hsf//6/Q3gAAA=",
};
const LOOKS = 150; // at a sample, one each 20 milliseconds
const UNSEEN = 0.002; // of opacity; with none at all it flashes when it is shown
const NEAR = "200px"; // from the screen: farther away it neither loads nor plays
const LATE = 0.02; // seconds, less than any first frame lasts
const CALM = "(prefers-reduced-motion: reduce)";

/** Whether this browser shows a format, asked once per page and if there is a film in it. Whoever
 *  replaces one of these before the first player starts decides himself. */
export const detect = {
  hevc: () => showsAlpha(SAMPLES.hevc),
  webm: () => showsAlpha(SAMPLES.webm),
  stacked: async () => (await stacked()).works(),
};
const stacked = () => import("./mascot-stacked.js");
const answers = {};
const shows = (format) => (answers[format] ??= detect[format]().catch(() => false));

const create = (name) => document.createElement(name);

const silent = () => {
  const video = create("video");
  video.muted = video.playsInline = video.disableRemotePlayback = true;
  video.preload = "auto";
  return video;
};

/** Call back when a frame is on its way to the screen; a film that stands still costs nothing. */
const onFrame = (video, call) => {
  if (video.requestVideoFrameCallback) return video.requestVideoFrameCallback(call);
  const again = () => onFrame(video, call);
  if (video.paused) return video.addEventListener("play", again, { once: true });
  requestAnimationFrame(() => (video.readyState > 1 && video.currentTime > 0 ? call() : again()));
};

const release = (video) => {
  video.onended = video.ontimeupdate = null;
  video.pause();
  video.removeAttribute("src");
  video.load();
};

/** What browsers say of themselves is not reliable: play the sample and look at its pixels. */
async function showsAlpha(url) {
  const video = silent();
  const context = create("canvas").getContext("2d", { willReadFrequently: true });
  let pixels;
  video.src = url;
  video.play().catch(() => {});
  // Some draw nothing before the film plays, or even for a while after it has ended. That is not
  // the transparency that is meant.
  for (let looks = 0; looks < LOOKS && !video.error && !(pixels?.[3] > 200); looks++) {
    await new Promise((look) => setTimeout(look, 20));
    context.clearRect(0, 0, 2, 1);
    context.drawImage(video, 0, 0, 2, 1);
    pixels = context.getImageData(0, 0, 2, 1).data;
  }
  release(video);
  return pixels[3] > 200 && pixels[7] < 50;
}

/** One film in one format: a media element, and what is seen of it. */
class Film {
  constructor(format, url, Picture) {
    Object.assign(this, { format, url });
    this.video = this.view = silent();
    if (!Picture) return;
    this.picture = new Picture(this.video);
    this.view = this.picture.view;
  }

  /** Decode the first frame, unseen, and stay there. Rejects if that can't be done. */
  async open(root, source) {
    const { video, view } = this;
    await this.#until((done) => {
      video.onerror = () => this.fail(new Error(video.error?.message || "broken"));
      view.style.opacity = UNSEEN;
      root.append(view);
      video.src = source;
      // Some load nothing before they are told to play.
      video.play().catch((error) => error.name === "AbortError" || this.fail(error));
      onFrame(video, done);
      video.onended = done; // Firefox, when busy, may show no frame of a short film
    });
    video.pause();
    if (video.currentTime >= LATE) {
      await this.#until((done) => {
        video.onseeked = done;
        video.currentTime = 0;
      });
    }
    video.onended = video.onseeked = null;
    await this.#until((done) => this.#draw() && done());
  }

  #until = (begin) => new Promise((done, fail) => begin(done, (this.fail = fail)));

  #draw = () => {
    if (!this.picture || !this.video) return !!this.video;
    try {
      this.picture.draw();
      onFrame(this.video, this.#draw);
      return true;
    } catch (error) {
      this.fail(error);
    }
  };

  close() {
    if (!this.video) return;
    release(this.video);
    this.video = null;
    this.view.remove();
    this.picture?.close();
    this.fail?.(new DOMException("closed", "AbortError"));
  }
}

// --- What there is to play ---

/** The files for so many pixels, the best one first: enough of them, else all there are. */
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

/** What `GET /v1/items/:id/best` answers, as what a pose is made of. */
function best(found) {
  const kinds = { webm: "webm", hevc: "hevc", stacked_video: "stacked", transparent_image: "still" };
  const [videos, sizes] = [{}, {}];
  for (const [key, { url }] of Object.entries(found)) {
    const [, type, width] = /^(.*?)(?:_(\d+))?$/.exec(key);
    const kind = kinds[type];
    if (kind) (width ? (sizes[width] ??= {}) : videos)[kind] = url;
  }
  return { videos, sizes, stillUrl: videos.still };
}

/** One pose: its film over and over, or once. It has what an edge and a node of a canvas have. */
class Pose {
  constructor(stage, parts, once) {
    Object.assign(this, { stage, once }, parts);
  }

  /** Be seen from the beginning, in what can be shown now. */
  async again() {
    const { stage, once } = this;
    stage.show(this);
    const plays = !this.over && (await stage.bring(this, !once));
    if (plays === undefined) return;
    stage.settle();
    if (!plays) return once && this.#end();
    stage.film.video.onended = () => (once ? this.#end() : this.again());
    this.consider();
  }

  /** Take a finer film when the loop comes round, if the mascot has grown. */
  consider() {
    const { stage } = this;
    if (this.once || !stage.film) return;
    const grown = stage.outgrown(this);
    stage.film.video.loop = !grown;
    stage.prepare(grown ? this : null);
  }

  #end() {
    if (!this.over) this.stage.tell("ended");
    this.over = true;
  }

  set(name) {
    throw new RangeError(`There is no input "${name}": what is shown is a pose, not a canvas.`);
  }
}

// --- Where it is played ---

/** What is seen and whether it moves, from when an element gets sources until it gets others. */
class Stage {
  scene = null; // a Pose or a Canvas: it decides what is brought
  film = null; // what is seen
  playing = false;
  ready = false;
  pixels = 0;
  #films = new Set();
  #broken = new Set(); // URLs
  #next = null; // what will probably be seen next
  #turn = 0; // what was begun in an earlier turn is not wanted any more
  #near = false;
  calm = false; // whether nothing must move
  #refused = false;
  #waiting = []; // until films may play
  #over = new AbortController();
  signal = this.#over.signal;

  constructor(host, root, wanted) {
    Object.assign(this, { host, root, wanted, poster: root.querySelector("img") });
  }

  /** Mind the page from now on; resolves when the mascot comes near the screen. */
  watch() {
    const { host, signal } = this;
    const sync = () => this.sync();
    document.addEventListener("visibilitychange", sync, { signal });
    matchMedia(CALM).addEventListener("change", sync, { signal });
    return new Promise((come) => {
      const seen = (entries) => {
        this.#near = entries.at(-1).isIntersecting;
        if (this.#near) come();
        sync();
      };
      for (const watcher of [
        new ResizeObserver(() => this.measure()),
        new IntersectionObserver(seen, { rootMargin: NEAR }),
      ]) {
        watcher.observe(host);
        signal.addEventListener("abort", () => watcher.disconnect());
      }
      if (host.getAttribute("loading") === "eager") come();
    });
  }

  begin(scene) {
    this.sync();
    this.scene = scene;
    scene.again();
  }

  end() {
    this.#over.abort();
    this.#drop();
    for (const film of this.#films) film.close();
    this.sync();
  }

  want(on) {
    this.wanted = on;
    if (on && this.#refused) this.scene.again((this.#refused = false));
    this.sync();
  }

  measure() {
    const { host, pixels } = this;
    this.pixels = Math.max(host.clientWidth, host.clientHeight) * devicePixelRatio;
    if (this.pixels > pixels) this.scene?.consider();
  }

  sync() {
    const calm = this.host.getAttribute("motion") !== "always" && matchMedia(CALM).matches;
    if (calm !== this.calm) {
      this.calm = calm;
      if (this.scene && !this.signal.aborted) {
        this.#drop();
        this.scene.again();
      }
    }
    const runs = this.#runs();
    if (runs || calm || this.signal.aborted) this.#waiting.splice(0).forEach((go) => go());
    const { video } = this.film ?? {};
    const playing = !!video && runs;
    if (!playing) video?.pause();
    else if (video.paused && !video.ended) {
      video.play().catch((error) => error.name === "NotAllowedError" && this.#refuse(error));
    }
    if (playing === this.playing) return;
    this.playing = playing;
    this.tell(playing ? "play" : "pause");
  }

  #runs() {
    return this.wanted && this.#near && !this.calm && !document.hidden && !this.signal.aborted;
  }

  /** The still of a state, in the size that fits; a broken one makes way for the next. */
  show(node) {
    const full = node.stillUrl ?? node.transparentThumbnailUrl;
    const urls = files(full, node.sizes, "still", this.pixels);
    const { poster } = this;
    (poster.onerror = () => {
      const url = urls.shift();
      poster.hidden = !url;
      if (url && poster.getAttribute("src") !== url) poster.src = url;
    })();
  }

  /** Take what is seen away, so that the still is. */
  #drop() {
    this.#turn++;
    this.poster.style.opacity = 1;
    this.#close(this.film);
    this.film = null;
  }

  #close(film) {
    film?.close();
    this.#films.delete(film);
  }

  #files = ({ videos, sizes }, kind) => files(videos?.[kind], sizes, kind, this.pixels);

  /** The films of an edge that can be shown here, the best one first. */
  async *offers(edge) {
    for (const format of FORMATS) {
      for (const url of this.#files(edge, format)) {
        if (!this.#broken.has(url) && (await shows(format))) yield { format, url };
      }
    }
  }

  /** An edge's film at its first frame, unseen, or null if none can be shown. */
  async #open(edge) {
    for await (const { format, url } of this.offers(edge)) {
      let film;
      try {
        const { Picture } = format === "stacked" ? await stacked() : {};
        const source = (await this.scene.source?.(url)) ?? url;
        if (!this.#runs() && !this.calm) await new Promise((go) => this.#waiting.push(go));
        if (this.calm || this.signal.aborted) return null;
        film = new Film(format, url, Picture);
        this.#films.add(film);
        await film.open(this.root, source);
        film.fail = (error) => this.#broke(film, error);
        return film;
      } catch (error) {
        this.#close(film);
        if (error.name === "AbortError") return null;
        if (error.name === "NotAllowedError") return this.#refuse(error);
        this.#broken.add(url);
        this.complain(error, { url, format });
      }
    }
    return null;
  }

  /** Nothing may play before somebody has clicked: what is seen stays until `play()` is called. */
  #refuse({ message }) {
    this.#refused = !this.film;
    this.want(false);
    this.tell("refused", { message });
    return null;
  }

  /** A film ended too early: go on with another format, or the still. */
  #broke(film, error) {
    if (film !== this.film || error.name === "AbortError") return;
    this.#broken.add(film.url);
    this.complain(error, { url: film.url, format: film.format });
    this.#drop();
    this.scene.again();
  }

  /** Have an edge's film at hand, and none other. */
  prepare(edge) {
    if (edge && this.#next?.edge === edge && this.#next.pixels === this.pixels) return;
    this.#next?.film.then((film) => this.#close(film));
    this.#next = edge && { edge, pixels: this.pixels, film: this.#open(edge) };
  }

  /** Show an edge's film; what was seen stays until its first frame is there. Tells whether there
   *  is one, or undefined if something else has come between. */
  async bring(edge, loop) {
    const turn = ++this.#turn;
    this.prepare(edge);
    const next = this.#next;
    this.#next = null;
    const film = await next.film;
    if (turn !== this.#turn) return void this.#close(film);
    if (!film) return false;
    this.poster.style.opacity = 0;
    film.view.style.opacity = 1;
    this.#close(this.film);
    this.film = Object.assign(film, { pixels: this.pixels });
    Object.assign(film.video, { loop, playbackRate: edge.speed ?? 1 });
    this.sync();
    return true;
  }

  /** Whether an edge has a finer film than the one that is seen. */
  outgrown(edge) {
    const { format, url, pixels } = this.film;
    return pixels < this.pixels && this.#files(edge, format)[0] !== url;
  }

  /** Something has come to stay. */
  settle() {
    if (this.ready) return;
    this.ready = true;
    this.tell("ready", { format: this.format });
  }

  get format() {
    return this.film?.format ?? (this.ready ? "still" : null);
  }

  tell(name, detail) {
    this.host.dispatchEvent(new CustomEvent(name, { detail }));
  }

  complain({ message }, detail) {
    if (!this.signal.aborted) this.tell("error", { message, ...detail });
  }
}

// --- The element ---

const STYLE = `
:host { display: inline-block; position: relative; aspect-ratio: 1; contain: size layout;
  contain-intrinsic-size: 256px; min-width: 0; min-height: 0; }
:host([hidden]) { display: none; }
img, video, canvas { position: absolute; inset: 0; width: 100%; height: 100%;
  object-fit: contain; pointer-events: none; }`;

// A server that renders the page may import this, too.
const Base = globalThis.HTMLElement ?? class {};

export class MascotPlayer extends Base {
  static observedAttributes =
    "item api key api-key config webm hevc stacked still once alt motion".split(" ");

  #root;
  #stage = null;
  #given = null; // a canvas that was given as an object
  #values = new Map(); // of a canvas's inputs
  #wanted = true;
  #labelled = new Set();

  constructor() {
    super();
    const root = (this.#root = this.attachShadow({ mode: "open" }));
    try {
      // No <style> where that can be had: pages with a strict Content-Security-Policy refuse it.
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      root.adoptedStyleSheets = [sheet];
    } catch {
      root.append(Object.assign(create("style"), { textContent: STYLE }));
    }
    root.append(Object.assign(create("img"), { alt: "", hidden: true }));
  }

  /** How the mascot is shown: "hevc", "webm", "stacked", "still", or null while that is open. */
  get format() {
    return this.#stage?.format ?? null;
  }

  /** The id of the state that a canvas is in. */
  get state() {
    return this.#stage?.scene?.state ?? null;
  }

  get paused() {
    return !this.#stage?.playing;
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
    this.#want(true);
  }

  pause() {
    this.#want(false);
  }

  #want(on) {
    this.#wanted = on;
    this.#stage?.want(on);
  }

  /** Set an input of the canvas. Before the canvas is there, it is kept for it. */
  setInput(name, value) {
    const scene = this.#stage?.scene;
    if (scene) scene.set(name, value);
    else this.#values.set(name, value);
  }

  /** Fire a trigger: it holds for one decision. */
  trigger(name) {
    this.setInput(name, true);
  }

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
    this.#stage?.end();
    this.#stage = null;
  }

  attributeChangedCallback(name, old, value) {
    if (old === value || !this.#stage) return;
    if (name === "alt") this.#label();
    else if (name === "motion") this.#stage.sync();
    else this.#restart();
  }

  /** Begin anew with what the attributes say, once however many of them change together. */
  async #restart() {
    if (!this.isConnected) return;
    this.#stage?.end();
    const stage = (this.#stage = new Stage(this, this.#root, this.#wanted));
    await null;
    if (stage.signal.aborted) return;
    this.#label();
    await stage.watch();
    const sizes = {};
    const read = (kind) => variants(this.getAttribute(kind), kind, sizes);
    const videos = Object.fromEntries(FORMATS.map((format) => [format, read(format)]));
    const once = this.hasAttribute("once");
    let scene = new Pose(stage, { videos, sizes, stillUrl: read("still") }, once);
    stage.measure();
    stage.show(scene);
    try {
      scene = (await this.#load(stage, once)) ?? scene;
    } catch (error) {
      stage.complain(error);
    }
    if (stage.signal.aborted) return;
    stage.begin(scene);
    this.#label();
  }

  /** What has to be fetched, as a scene; nothing if the attributes say it all. */
  async #load(stage, once) {
    const { config } = this;
    const item = this.getAttribute("item");
    const api = new URL(this.getAttribute("api") ?? "/v1", import.meta.url).href.replace(/\/$/, "");
    const read = async (url) => {
      // React keeps an attribute named `key` for itself.
      const key = this.getAttribute("api-key") ?? this.getAttribute("key");
      const ours = url.startsWith(`${api}/`); // nobody else is told the key
      const headers = key && ours ? { Authorization: `Bearer ${key}` } : {};
      const response = await fetch(url, { headers, signal: stage.signal });
      const body = await response.json().catch(() => ({}));
      if (response.ok) return body.data ?? body;
      throw new Error(body.error?.message ?? `${url} answered ${response.status}`);
    };
    if (config) {
      const url = this.#given ? null : new URL(config, document.baseURI).href;
      const found = [import("./mascot-canvas.js"), this.#given ?? read(url)];
      const [{ Canvas }, canvas] = await Promise.all(found);
      return new Canvas(stage, canvas, this.#values, url);
    }
    return item && new Pose(stage, best(await read(`${api}/items/${item}/best`)), once);
  }

  /** Say what it is to those who don't see it, unless the page does. */
  #label() {
    const alt = this.getAttribute("alt");
    const { name = "Mascot", role = "img", focusable = false } = this.#stage?.scene ?? {};
    const own = (attribute, value) => {
      if (this.hasAttribute(attribute) && !this.#labelled.has(attribute)) return;
      this.#labelled.add(attribute);
      if (value === null) this.removeAttribute(attribute);
      else this.setAttribute(attribute, value);
    };
    own("role", role);
    own("aria-label", alt || (alt === "" ? null : name));
    own("aria-hidden", alt === "" && !focusable ? "true" : null);
    own("tabindex", focusable ? "0" : null);
  }
}

globalThis.customElements?.get("mascot-player") ??
  globalThis.customElements?.define("mascot-player", MascotPlayer);
