/**
 * A canvas: a state machine of films. <mascot-player> loads this when it is given one.
 * What it does when: docs/10-player.md.
 */

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

// What is set here, in a canvas that has system inputs of these names.
const POINTED = ["clicked", "hovered"];
const COUNTED = ["loopCount", "nodeTime"];
const KEPT = 16; // films that were fetched, so that going to and fro fetches and holds each once
const MARGIN = 2; // seconds that a film may stand still beyond what it has left
const LONGEST = 60; // seconds, of a film that does not say how long it is

/** What a stage plays. It moves between states as its inputs, its loops and people say. */
export class Canvas {
  #stage;
  #inputs;
  #nodes;
  #edges; // the highest priority first
  #values; // of the inputs
  #node; // the state we are in, or are leaving
  #moving = null; // the edge that is under way; nothing interrupts it
  #loop = null; // what the state rests in, once it is seen
  #resting = false; // whether the state's loop is there, or none is to come
  #taken = new Set(); // edges that were taken without any film since something happened
  #fetched = new Map(); // films by URL, the one that was wanted last at the end
  #timer; // until a film that stands still is taken for over

  /** `values` are of inputs that were set before; URLs may be relative to `base`. */
  constructor(stage, canvas, values, base) {
    const definition = base ? absolute(canvas, base) : canvas;
    const { name, nodes, edges, inputs = [], initialNode, autoPlay } = definition;
    this.#stage = stage;
    this.#inputs = inputs;
    this.#nodes = nodes;
    this.#edges = [...edges].sort((one, other) => (other.priority ?? 0) - (one.priority ?? 0));
    this.#values = values;
    this.#node = initialNode ?? nodes[0]?.id;
    for (const { name: input, type, default: value } of inputs) {
      if (!values.has(input)) values.set(input, value ?? (type === "number" ? 0 : false));
    }
    this.name = name ?? undefined;
    this.role = this.#system("clicked") ? "button" : "img";
    this.focusable = POINTED.some((one) => this.#system(one));
    if (autoPlay === false) stage.wanted = false;
    this.#listen();
    stage.signal.addEventListener("abort", () => {
      clearTimeout(this.#timer);
      this.#forget(0);
    });
  }

  get state() {
    return this.#node;
  }

  /** Set an input. Throws if there is none of that name, or it takes something else. */
  set(name, value) {
    const input = this.#inputs.find((one) => one.name === name);
    if (!input) {
      const names = this.#inputs.map((one) => one.name).join(", ") || "none";
      throw new RangeError(`The canvas has no input "${name}"; it has ${names}.`);
    }
    const wanted = input.type === "number" ? "number" : "boolean";
    if (typeof value !== wanted) throw new TypeError(`The input "${name}" takes a ${wanted}.`);
    this.#values.set(name, value);
    this.#taken.clear();
    this.consider();
  }

  /** Be seen in what can be shown now: where we are, or where the edge that is under way leads. */
  again() {
    this.#arrive(this.#moving?.target ?? this.#node, this.#moving);
  }

  /** Look for an edge that leads away now, and take it at once or when the loop comes round. */
  consider() {
    if (this.#moving) return;
    const stage = this.#stage;
    const away = this.#away();
    if (away && (!this.#loop || this.#hurries(away))) return this.#follow(away);
    if (this.#loop) {
      const grown = stage.outgrown(this.#loop);
      stage.film.video.loop = !away && !grown;
      stage.prepare(away ?? (grown ? this.#loop : null));
    }
    if (!away) this.#reset();
  }

  /** Where a film that was fetched ahead is. */
  source(url) {
    return this.#fetched.get(url);
  }

  // --- From state to state ------------------------------------------------------------------------

  /** Be in a state, `via` an edge: rest in its loop until an edge leads away. */
  async #arrive(id, via = null) {
    const stage = this.#stage;
    const node = this.#nodes.find((one) => one.id === id);
    if (!node) return stage.complain(new Error(`The canvas has no node "${id}".`));
    const from = this.#node;
    this.#node = id;
    this.#moving = this.#loop = null;
    this.#resting = false;
    this.#count(0, 0);
    stage.show(node);
    if (via) stage.tell("statechange", { from, to: id, edge: via.id });
    const away = this.#away();
    if (away) return this.#follow(away);
    const loop = this.#loopOf(id);
    const plays = !!loop && (await stage.bring(loop, true));
    if (plays === undefined || stage.signal.aborted) return;
    this.#resting = true;
    if (plays) this.#rest(loop);
    stage.settle();
    this.consider();
    this.#prefetch();
  }

  async #follow(edge) {
    const stage = this.#stage;
    this.#moving = edge;
    this.#loop = null;
    if (stage.film) stage.film.video.onended = null; // nothing interrupts what is under way
    this.#reset();
    const plays = await stage.bring(edge, false);
    if (plays === undefined) return;
    if (!plays) {
      this.#taken.add(edge);
      return this.#arrive(edge.target, edge);
    }
    this.#taken.clear();
    this.#atEnd(() => this.#arrive(edge.target, edge));
    stage.prepare(this.#loopOf(edge.target));
  }

  #rest(loop) {
    this.#loop = loop;
    this.#taken.clear();
    const stage = this.#stage;
    const { video } = stage.film;
    let [last, loops, spent] = [0, 0, 0];
    video.ontimeupdate = () => {
      const now = video.currentTime;
      spent += now < last ? now : now - last;
      if (now < last) loops++;
      last = now;
      if (COUNTED.some((name) => this.#system(name))) this.consider(this.#count(loops, spent));
    };
    this.#atEnd(async () => {
      this.#count(loops + 1, spent);
      const away = this.#away();
      if (away) this.#follow(away);
      else if (await stage.bring(loop, true)) this.consider(this.#rest(loop)); // a finer film
    });
  }

  /** Do this when the film that is seen is over. */
  #atEnd(call) {
    const { video } = this.#stage.film;
    video.onended = () => call((video.onended = null)); // once, though what comes next may load slowly
    this.#watch();
  }

  /** Browsers may forget to say that a film has ended: one that plays and yet stands still for longer
   *  than it has left is over. */
  #watch() {
    clearTimeout(this.#timer);
    const { film, playing } = this.#stage;
    if (!film || !playing) return;
    const { video } = film;
    const { currentTime, duration, playbackRate } = video;
    const left = Math.min(duration || 0, LONGEST) - currentTime;
    const look = () => {
      const stands = video.currentTime === currentTime && !video.loop;
      if (stands && (video.ended || !video.paused)) return video.onended?.();
      this.#stage.sync(); // or the browser has paused it by itself
      this.#watch();
    };
    this.#timer = setTimeout(look, (left / playbackRate + MARGIN) * 1000);
  }

  #loopOf(node) {
    return this.#edges.find((edge) => edge.source === node && rests(edge)) ?? null;
  }

  /** The edge that leads away: of those whose conditions hold the one of the highest priority. */
  #away() {
    return this.#edges.find(
      (edge) =>
        this.#leads(edge) &&
        !this.#taken.has(edge) &&
        // Without conditions, it leads on when the loop has been seen once.
        (conditions(edge).length || this.#resting || !this.#loopOf(this.#node)) &&
        conditions(edge).every(({ input, op = "==", value = true }) =>
          OPS[ALIASES[op] ?? op]?.(this.#values.get(input) ?? false, value),
        ),
    );
  }

  /** Whether an edge begins where we are. */
  #leads(edge) {
    const { source, target } = edge;
    return source === "*" ? target !== this.#node : source === this.#node && !rests(edge);
  }

  /** Whether an edge does not wait for the loop's seam: who fires or points at something is waiting. */
  #hurries({ wait, ...edge }) {
    if (wait !== undefined) return !wait;
    return conditions(edge).some(
      ({ input }) =>
        POINTED.includes(input) ||
        this.#inputs.some(({ name, type }) => name === input && type === "trigger"),
    );
  }

  // --- Inputs -------------------------------------------------------------------------------------

  #system(name) {
    return this.#inputs.some((input) => input.system && input.name === name);
  }

  #count(loops, seconds) {
    if (this.#system("loopCount")) this.#values.set("loopCount", loops);
    if (this.#system("nodeTime")) this.#values.set("nodeTime", seconds);
  }

  #reset() {
    for (const { name, type } of this.#inputs) {
      if (type === "trigger") this.#values.set(name, false);
    }
  }

  #listen() {
    const { host, signal } = this.#stage;
    const on = (name, call) => host.addEventListener(name, call, { signal });
    for (const name of ["play", "pause"]) on(name, () => this.#watch());
    if (this.#system("clicked")) {
      on("click", () => this.set("clicked", true));
      on("keydown", (event) => {
        if (event.target !== host || event.repeat || ![" ", "Enter"].includes(event.key)) return;
        event.preventDefault(); // a blank would scroll the page
        host.click();
      });
    }
    if (this.#system("hovered")) {
      let [pointed, focused] = [false, false];
      const tell = () => this.set("hovered", pointed || focused);
      on("pointerenter", () => tell((pointed = true)));
      on("pointerleave", () => tell((pointed = false)));
      on("focus", () => tell((focused = host.matches(":focus-visible"))));
      on("blur", () => tell((focused = false)));
    }
  }

  // --- Files --------------------------------------------------------------------------------------

  /** Fetch what may be needed from here. */
  async #prefetch() {
    const [stage, node] = [this.#stage, this.#node];
    const wanted = new Set();
    for (const edge of this.#edges.filter((one) => this.#leads(one))) {
      for await (const { url } of stage.offers(edge)) {
        wanted.add(url);
        break;
      }
    }
    if (node !== this.#node || this.#moving || stage.calm || stage.signal.aborted) return;
    for (const url of wanted) {
      const source = this.#fetched.get(url) ?? local(url, stage.signal);
      this.#fetched.delete(url);
      this.#fetched.set(url, source);
    }
    this.#forget(Math.max(KEPT, wanted.size));
  }

  /** Let go of the films that were not wanted for longest, but for so many. */
  #forget(kept) {
    for (const [url, source] of this.#fetched) {
      if (this.#fetched.size <= kept) return;
      this.#fetched.delete(url);
      source.then(URL.revokeObjectURL);
    }
  }
}

/** A file as an object URL; its own, if the server does not let us have it. */
const local = (url, signal) =>
  fetch(url, { signal })
    .then((response) => (response.ok ? response.blob() : Promise.reject()))
    .then(URL.createObjectURL)
    .catch(() => url);

/** A canvas whose URLs were relative to its own. */
function absolute(canvas, base) {
  const text = (key, value) =>
    typeof value === "string" && /^(webm|hevc|stacked|still|stillUrl|transparentThumbnailUrl)$/.test(key)
      ? new URL(value, base).href
      : value;
  return JSON.parse(JSON.stringify(canvas), text);
}
