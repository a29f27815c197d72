// One pose: how it is being made, its versions, its files, and the code that shows it.
import { isBest, moves, stillId, urlOf } from "../best.js";
import { verdictBars } from "../charts.js";
import { announce, fill, h } from "../dom.js";
import { ask } from "../dialog.js";
import { embed, plain, sourceSets } from "../embed.js";
import { ended, follow } from "../events.js";
import { area, complain, explained, field, input, told } from "../forms.js";
import { Graph, doing, madeBy } from "../graph.js";
import { icon, outline } from "../icons.js";
import { go } from "../router.js";
import { Stage, figure, ground } from "../stage.js";
import { keyOf, versionsOf } from "../versions.js";
import { EXTRA_FORMATS, bytes, capital, credits, formatName, percent, playsOn, stateName, stepName, when } from "../words.js";
import { reviewButtons } from "./review.js";

const SECONDS = 2; // of a film, if nobody says otherwise

export async function show(page) {
  page.show("Pose", h("div", { class: "skeleton line" }), h("div", { class: "skeleton tall" }));
  const view = new ItemView(page);
  await view.load();
  view.draw();
}

class ItemView {
  constructor(page) {
    this.page = page;
    this.api = page.api;
    this.path = `/items/${page.parameters.item}`;
    this.stage = new Stage();
    this.work = h("div", { class: "work" });
    this.strip = h("div", { class: "strip" });
    this.panel = h("div", { class: "stack large" });
    this.made = h("section", { class: "card stack", "aria-labelledby": "made" });
    this.chosen = null; // the version that is looked at, by its job
    this.job = null;
  }

  async load() {
    const { api, page: { signal }, path } = this;
    const [item, assets, links, best] = await Promise.all([api.get(path, { signal }), api.all(`${path}/assets`, { signal }), api.get(`${path}/links`, { signal }), api.get(`${path}/best`, { signal })]);
    Object.assign(this, { item, links, best, versions: versionsOf(assets) });
    this.mascot ??= await api.get(`/collections/${item.collection_id}`, { signal });
    await this.borrow();
  }

  /** A version that has made no still shows the one that it was made from. */
  async borrow() {
    const known = new Map(this.versions.flatMap((version) => version.assets).map((asset) => [asset.id, asset]));
    for (const version of this.versions) {
      version.shown = { ...version.files };
      if (version.files.transparent_image || !version.ready.length) continue;
      const mine = new Set(version.assets.map(({ id }) => id));
      const source = this.links.filter((link) => mine.has(link.target_asset_id) && !mine.has(link.source_asset_id)).map((link) => link.source_asset_id)[0];
      const asset = source && (known.get(source) ?? (await this.api.get(`/assets/${source}`, { signal: this.page.signal }).catch(() => null)));
      if (/image$/.test(asset?.type ?? "") && asset.status === "ready") version.shown.transparent_image = asset.url;
      else if (asset) version.shown.transparent_image = this.versions.find((other) => other.files.transparent_image)?.files.transparent_image;
    }
  }

  get version() {
    const pinned = this.versions.find((version) => isBest(version, this.best));
    return this.versions.find((version) => version.jobId === this.chosen) ?? this.versions.find((version) => version.assets.some((asset) => asset.status === "pending")) ?? pinned ?? this.versions.find((version) => version.ready.length) ?? this.versions[0];
  }

  draw() {
    const { item, mascot } = this;
    this.page.show(item.name,
      h("header", { class: "head" },
        h("nav", { class: "crumbs", "aria-label": "Where you are" }, h("a", { href: "#/" }, "Mascots"), h("a", { href: `#/mascots/${mascot.id}` }, mascot.name)),
        h("div", { class: "section-head" }, h("h1", { tabindex: -1 }, item.name), h("div", { class: "row" }, h("button", { type: "button", class: "quiet", onclick: () => this.rename() }, "Rename"), h("button", { type: "button", class: "quiet", onclick: () => this.remove() }, "Delete")))),
      h("div", { class: "item" }, h("div", { class: "item-stage" }, this.stage.element, this.work, this.strip), this.panel),
      this.made);
    this.choose(this.version?.jobId);
  }

  /** Look at a version: its picture or film, its files, the graph of its job. */
  choose(jobId) {
    const before = this.chosen;
    this.chosen = jobId ?? null;
    const { version } = this;
    this.showVersions();
    if (!version) {
      fill(this.panel, h("div", { class: "empty small" }, icon("image"), h("p", null, "Nothing was made of it yet.")));
      this.made.hidden = true;
      return;
    }
    this.look(version);
    this.showPanel(version);
    if (before !== this.chosen || !this.job) this.follow(version.jobId);
  }

  look(version) {
    const label = `${this.mascot.name}, ${this.item.name}, version ${version.number}`;
    const has = version.moves || version.shown.transparent_image || version.shown.image;
    if (has) this.stage.show(figure(version.shown, label));
  }

  // --- at work -----------------------------------------------------------------------------------

  /** Show a job until it has ended, then what has become of the item. */
  async follow(jobId) {
    this.watch?.abort();
    this.watch = new AbortController();
    const signal = AbortSignal.any([this.page.signal, this.watch.signal]);
    this.detail = h("div", { class: "step-detail" });
    this.graph = new Graph((id) => this.showStep(id), this.page.signal);
    this.graphHead = h("p", { class: "dim" });
    this.made.hidden = false;
    fill(this.made, h("div", { class: "section-head" }, h("h2", { id: "made" }, "How it is made"), this.graphHead), this.graph.element, this.detail);
    let live = false;
    try {
      this.job = null;
      for await (const job of follow(this.api, jobId, signal)) {
        this.job = job;
        this.graph.update(job);
        if (this.selected) this.showStep(this.selected);
        this.graphHead.textContent = job.cost_credits ? `${credits(job.cost_credits)}${job.refunded_credits ? `, ${job.refunded_credits} given back` : ""}` : "Free";
        if (!ended(job)) {
          live = true;
          this.atWork(job);
        }
      }
      if (this.job) this.over(this.job);
      if (live) {
        announce(this.job.status === "completed" ? `${this.item.name} is finished` : `${this.item.name} has failed`);
        this.page.spent();
        await this.load();
        this.choose(jobId);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 404) this.made.hidden = true; // jobs of long ago
      else fill(this.detail, explained(error));
    }
  }

  atWork(job) {
    const files = madeBy(job);
    const shown = Object.fromEntries([...files].map((key) => [key, job.urls[key]]));
    const state = ["webm", "transparent_image"].find((key) => shown[key]) ?? "nothing";
    const mark = `${job.id} ${state}`;
    if (this.onStage !== mark) {
      this.onStage = mark;
      const label = `${this.mascot.name}, ${this.item.name}`;
      if (state === "nothing") this.stage.show(h("div", { class: "sketch" }, outline(), h("p", null, "Drawing…")));
      else this.stage.show(figure(shown, label));
    }
    const before = this.share?.of === job.id ? this.share.value : 0;
    this.share = { of: job.id, value: Math.max(before, job.progress) }; // what is sent back takes nothing back
    const what = doing(job) || "Waiting for its turn";
    if (!this.meter?.isConnected) {
      this.meter = h("progress", { max: 1, "aria-label": "Progress" });
      this.saying = h("p", { "aria-live": "polite" });
      fill(this.work, h("div", { class: "work-head" }, this.saying, h("button", { type: "button", class: "quiet", onclick: (event) => this.cancel(event.currentTarget) }, icon("stop"), "Cancel")), this.meter);
    }
    this.meter.value = this.share.value;
    if (this.saying.textContent !== what) this.saying.textContent = what;
  }

  over(job) {
    this.onStage = null;
    fill(this.work, job.status === "failed" && this.failed(job));
  }

  failed(job) {
    const canceled = job.error?.code === "canceled";
    const retry = h("button", { type: "button", class: "primary", onclick: () => this.again(`/jobs/${job.id}/retry`, "Go on where it stopped?", "What was drawn is neither drawn nor paid again.") }, icon("redo"), canceled ? "Go on" : "Try again");
    if (!this.stage.surface.childElementCount || this.stage.surface.querySelector(".sketch")) this.stage.show(h("div", { class: "sketch" }, icon("warning"), h("p", null, canceled ? "Canceled" : "Not drawn")));
    return h("div", { class: "fault" }, icon("warning"), h("div", null, h("p", null, h("strong", null, canceled ? "It was canceled." : job.error?.message ?? "It has failed.")),
      h("p", null, job.refunded_credits ? `${credits(job.refunded_credits)} came back. ` : "", "What was finished stays.", job.retry_id && " Another version has taken it up."), !job.retry_id && retry));
  }

  async cancel(button) {
    button.setAttribute("aria-busy", "true");
    await this.api.post(`/jobs/${this.job.id}/cancel`).catch((error) => complain(this.detail, error));
  }

  // --- steps -------------------------------------------------------------------------------------

  showStep(id) {
    this.selected = id;
    const step = id && this.job?.steps.find((one) => one.id === id);
    if (!step) return fill(this.detail);
    const made = madeBy(this.job);
    const files = [...step.makes, ...step.drafts];
    const anew = files.find((key) => made.has(key) && this.job.asset_ids[key]);
    fill(this.detail,
      h("div", { class: "section-head" }, h("h3", null, stepName(step)), h("span", { class: `tag ${step.status}` }, capital(stateName(step.status)))),
      h("dl", { class: "pairs" },
        step.finished_at && step.started_at && [h("dt", null, "Took"), h("dd", null, `${((new Date(step.finished_at) - new Date(step.started_at)) / 1000).toFixed(1)} s`)],
        step.attempt > 1 && [h("dt", null, "Tries"), h("dd", null, String(step.attempt))],
        step.cost_usd > 0 && [h("dt", null, "Paid to the provider"), h("dd", null, `$${step.cost_usd.toFixed(3)}`)],
        files.length > 0 && [h("dt", null, "Makes"), h("dd", null, files.join(", "))]),
      step.retakes.map((retake, index) => h("p", { class: "dim" }, `Take ${index + 1} was sent back (${retake.score.toFixed(2)}): ${retake.reasons.join("; ")}`)),
      step.error && h("div", { class: "fault" }, icon("warning"), h("p", null, step.error.message)),
      anew && ended(this.job) && h("div", null, h("button", { type: "button", onclick: () => this.regenerate(this.job.asset_ids[anew], stepName(step)) }, icon("redo"), "Make this and what follows anew…")));
  }

  regenerate(assetId, what) {
    return this.again(`/assets/${assetId}/regenerate`, `${what} anew?`, "This and all that was made of it. The version that is there stays.");
  }

  /** Ask for the price of a job, then whether to begin it; and follow it. */
  async again(path, title, text) {
    try {
      const quote = await this.api.post(path, { dry_run: true });
      ask({ title, text: h("span", null, text, h("span", { class: "price block" }, told(quote))), agree: "Begin" }, async () => {
        this.begun(await this.api.post(path, { max_credits: quote.cost_credits }));
      });
    } catch (error) {
      complain(this.detail, error);
    }
  }

  async begun({ job_id: jobId }) {
    this.page.spent();
    await this.load();
    this.selected = null;
    this.choose(jobId);
  }

  // --- versions ----------------------------------------------------------------------------------

  showVersions() {
    const { versions } = this;
    fill(this.strip, versions.length > 1 && [
      h("div", { class: "section-head" }, h("h2", { class: "small" }, "Versions"), versions.filter((version) => version.ready.length).length > 1 && h("a", { class: "button", href: this.compareLink() }, "Compare")),
      h("ul", { class: "versions" }, versions.map((version) => {
        const { transparent_image: picture } = version.shown;
        const best = isBest(version, this.best);
        const state = version.pinned ? "Pinned" : version.review ? capital(version.review) : version.needsReview ? "To review" : best ? "Served" : "";
        return h("li", null, h("button", { type: "button", class: "version", "aria-pressed": String(version === this.version), onclick: () => this.choose(version.jobId) },
          ground("checker", { class: "version-view" }, picture && h("img", { src: picture, alt: "", width: 88, height: 88 })),
          h("span", null, `Version ${version.number}`), state && h("span", { class: `tag ${version.review ?? (version.needsReview ? "caution" : "")}` }, state)));
      }))]);
  }

  compareLink() {
    const ready = this.versions.filter((version) => version.ready.length);
    const other = ready.find((version) => version !== this.version) ?? ready[0];
    return `#${this.path}/compare?a=${other?.jobId}&b=${this.version?.jobId}`;
  }

  showPanel(version) {
    const still = version.asset("transparent_image")?.status === "ready" ? version.asset("transparent_image") : null;
    fill(this.panel,
      version.ready.length > 0 && h("section", { class: "card stack", "aria-labelledby": "verdict" },
        h("div", { class: "section-head" }, h("h2", { id: "verdict" }, `Version ${version.number}`), h("span", { class: "dim" }, when(version.at))),
        version.needsReview && h("p", { class: "notice" }, icon("warning"), "It left the style card, and is not served unless you approve it."),
        h("p", { class: "dim" }, this.servedInWords(version, still)),
        reviewButtons(this.page, version, async () => { await this.load(); this.choose(version.jobId); }),
        this.undrawn(version),
        this.madeSquare(version),
        version.verdict && h("details", null, h("summary", null, this.undrawn(version) ? "Checks of what was drawn" : `Likeness ${percent(version.score ?? 1)}`), verdictBars(version.verdict)),
        h("div", { class: "row" },
          still && h("button", { type: "button", onclick: () => this.edit(still) }, "Change it…"),
          still && h("button", { type: "button", onclick: () => this.animate(still) }, version.moves ? "Another motion…" : "Animate it…"))),
      version.ready.length > 0 && h("section", { class: "card stack", "aria-labelledby": "files" }, h("h2", { id: "files" }, "Files"), this.files(version)),
      version.ready.length > 0 && embed(this.values(version)),
      version.ready.length === 0 && h("section", { class: "card stack" }, h("h2", null, "What you will get"), h("ul", { class: "promise" }, version.assets.filter((asset) => !asset.size).toSorted((one, other) => rankOf(one) - rankOf(other)).map((asset) => h("li", null, icon(/image/.test(asset.type) ? "image" : "film"), h("span", null, formatName(asset.type)), h("span", { class: "dim" }, playsOn(asset.type)))))));
  }

  /** Whether apps get a version; of a still without a film, why they keep the old one. */
  servedInWords(version, still) {
    if (isBest(version, this.best)) return "Apps get this version.";
    const served = this.versions.find((other) => other.assets.some(({ id }) => id === stillId(this.best)));
    const waits = still && !version.moves && !version.needsReview && version.review !== "rejected" && moves(this.best);
    if (!waits || !served) return "Apps get another version.";
    const cost = h("span", null);
    this.api.post(`/collections/${this.mascot.id}/generate`, { ...this.filmOf(still, "moves", SECONDS), dry_run: true }, { signal: this.page.signal })
      .then((quote) => fill(cost, ` (${credits(quote.cost_credits)} for ${SECONDS} s)`), () => {});
    return [`The film is still of version ${served.number}, so apps get that: animate this one`, cost, ", or pin it to show the still alone."];
  }

  /** The request for a film of a still. */
  filmOf = (still, motion, seconds) => ({ type: "animation", item_id: this.item.id, source_image_asset_id: still.id, animation_prompt: motion, duration: seconds });

  /** What was done to a picture or film that came in another ratio. */
  madeSquare(version) {
    const said = version.assets.find((asset) => asset.metadata?.made_square)?.metadata.made_square;
    return said && h("p", { class: "notice" }, icon("warning"), said);
  }

  /** What the artist could not draw, as far as it says so. */
  undrawn(version) {
    const words = version.assets.find((asset) => asset.metadata?.not_drawn?.length)?.metadata.not_drawn;
    return words && h("p", { class: "notice" }, icon("warning"), h("span", null, "The artist does not know how to draw: ", h("strong", null, words.join(", ")), "."));
  }

  files(version) {
    const kinds = new Map();
    for (const asset of version.ready) {
      const kind = `${asset.purpose ? `${capital(asset.purpose)}: ` : ""}${formatName(asset.type)}`;
      kinds.set(kind, [...(kinds.get(kind) ?? []), asset]);
    }
    const rank = ([, [first]]) => rankOf(first);
    return h("ul", { class: "files" }, [...kinds].sort((one, other) => rank(one) - rank(other)).map(([kind, assets]) =>
      h("li", null, h("div", null, h("strong", null, kind), h("span", { class: "dim" }, playsOn(assets[0].type))),
        h("div", { class: "downloads" }, assets.toSorted((one, other) => other.content.width - one.content.width).flatMap((asset) => this.downloads(asset))))));
  }

  /** A file, and the same picture in other encodings. */
  downloads(asset) {
    const { width, bytes: size, siblings } = asset.content;
    const others = Object.entries(asset.sibling_urls ?? {}).map(([kind, url]) => this.download(asset, url, kind === "webp" ? "WebP" : kind, siblings?.[kind]?.bytes));
    return [this.download(asset, asset.url, String(width), size), ...others];
  }

  download(asset, url, label, size) {
    const name = `${this.item.slug}-${keyOf(asset).replaceAll("_", "-")}.${url.split(".").pop()}`;
    const weight = size === undefined ? "" : bytes(size);
    return h("a", { class: "download", href: url, download: name, onclick: (event) => elsewhere(event, url, name) },
      icon("download"), h("span", { class: "visually-hidden" }, `Download ${name}, `), label, " ", h("span", { class: "dim" }, weight));
  }

  /** What the placeholders of the snippets stand for: the addresses that always serve the best version. */
  values(version) {
    const served = Object.fromEntries(Object.keys(this.best).map((key) => [key, urlOf(this.best, key)]));
    const files = Object.keys(served).length ? served : version.shown; // never some of both: they may not fit
    const url = (key) => files[key] ?? "";
    return {
      webm: url("webm"), hevc: url("hevc"), stacked: url("stacked_video"), still: url("transparent_image"),
      label: plain(`${this.mascot.name}, ${this.item.name}`), api: `${location.origin}/v1`, player: `${location.origin}/mascot-player.js`,
      ...sourceSets(files),
    };
  }

  // --- more of it --------------------------------------------------------------------------------

  edit(still) {
    const words = area({ placeholder: "make the scarf red", rows: 2 });
    this.generate("Change it", "Edit", [field("edit_instructions", "What is to be changed?", words)], () => ({ type: "edit", item_id: this.item.id, source_image_asset_id: still.id, edit_instructions: words.value.trim() }));
  }

  animate(still) {
    const motion = input({ placeholder: "waves happily" });
    const seconds = h("input", { type: "number", min: 1, max: 10, step: 0.5, value: SECONDS });
    this.generate("Set it in motion", "Animate", [h("div", { class: "fields" }, field("animation_prompt", "How does it move?", motion), field("duration", "Seconds", seconds))],
      () => this.filmOf(still, motion.value.trim(), Number(seconds.value)));
  }

  /** A small form whose price is told before it is paid: the first press asks, the second one agrees. */
  generate(title, agree, fields, request) {
    const cost = h("p", { class: "price", "aria-live": "polite" });
    let agreed = null;
    ask({ title, agree, fields: [fields, cost] }, async (element) => {
      const wanted = request();
      const path = `/collections/${this.mascot.id}/generate`;
      const same = agreed && JSON.stringify(wanted) === agreed.wanted;
      if (!same) {
        const quote = await this.api.post(path, { ...wanted, dry_run: true });
        agreed = { wanted: JSON.stringify(wanted), cost: quote.cost_credits };
        fill(cost, told(quote));
        element.querySelector("[type=submit]").textContent = `${agree} for ${credits(quote.cost_credits)}`;
        throw new DOMException("the price was asked for", "AbortError");
      }
      this.begun(await this.api.post(path, { ...wanted, max_credits: agreed.cost }));
    });
  }

  rename() {
    const name = input({ value: this.item.name, maxlength: 120 });
    ask({ title: "Rename", agree: "Rename", fields: [field("name", "Name", name)] }, async () => {
      await this.api.patch(this.path, { name: name.value });
      show(this.page);
    });
  }

  remove() {
    ask({ title: `Delete ${this.item.name}?`, text: "All its versions and files go with it, for good.", agree: "Delete", danger: true }, async () => {
      await this.api.delete(this.path);
      go(`/mascots/${this.mascot.id}`);
    });
  }
}

const ORDER = ["transparent_image", "webm", "hevc", "stacked_video", ...EXTRA_FORMATS, "video", "image"];

/** Files that people want come first. */
const rankOf = ({ type, purpose }) => ORDER.indexOf(type) + (purpose ? ORDER.length : 0);

/** A browser saves what comes from elsewhere only if it is handed over. */
async function elsewhere(event, url, name) {
  if (new URL(url).origin === location.origin) return;
  event.preventDefault();
  const blob = await (await fetch(url)).blob();
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
