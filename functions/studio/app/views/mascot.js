// One mascot: its poses, and what is known of its character.
import { fill, h } from "../dom.js";
import { ask } from "../dialog.js";
import { area, choice, field, form, input, price, tick } from "../forms.js";
import { icon } from "../icons.js";
import { go } from "../router.js";
import { stillId, stillOf } from "../best.js";
import { nextPage, tile, tiles } from "../tiles.js";
import { capital, EXTRA_FORMATS, formatName } from "../words.js";
import { canvases } from "./canvases.js";
import { character } from "./character.js";

const TABS = [["poses", "Poses"], ["character", "Character"], ["canvases", "Canvases"]];

export async function show(page) {
  const { api, signal, parameters, query } = page;
  page.show("Mascot", h("div", { class: "skeleton line" }), h("div", { class: "skeleton tall" }));
  const found = await api.get(`/collections/${parameters.mascot}`, { signal });
  const tab = TABS.some(([name]) => name === query.get("tab")) ? query.get("tab") : "poses";
  const body = h("div", { class: "stack large", "aria-busy": "true" }, h("div", { class: "skeleton tall" }));
  page.show(found.name, head(page, found), tabs(found.id, tab), body);
  await { poses, character, canvases }[tab](page, found, body);
  body.removeAttribute("aria-busy");
}

function head(page, found) {
  return h("header", { class: "head" },
    h("nav", { class: "crumbs", "aria-label": "Where you are" }, h("a", { href: "#/" }, "Mascots")),
    h("div", { class: "section-head" }, h("h1", { tabindex: -1 }, found.name),
      h("div", { class: "row" }, h("button", { type: "button", class: "quiet", onclick: () => edit(page, found) }, "Edit"), h("button", { type: "button", class: "quiet", onclick: () => remove(page, found) }, "Delete"))),
    h("p", { class: "lead" }, found.config.prompt));
}

const tabs = (id, current) =>
  h("nav", { class: "tabs", "aria-label": "Of this mascot" }, TABS.map(([name, label]) => h("a", { href: `#/mascots/${id}?tab=${name}`, "aria-current": name === current ? "page" : null }, label)));

function edit(page, found) {
  const name = input({ value: found.name, maxlength: 120 });
  const description = area({ value: found.config.prompt, rows: 3 });
  const sizes = input({ value: found.config.animation_sizes.join(", "), inputmode: "numeric" });
  const quality = h("select", null, ["draft", "standard", "best"].map((value) => h("option", { value, selected: value === found.config.quality }, capital(value))));
  const formats = EXTRA_FORMATS.map((type) => tick("extra_formats", formatName(type), { value: type, checked: found.config.extra_formats.includes(type) }));
  const chosen = () => formats.map((one) => one.querySelector("input")).filter((box) => box.checked).map((box) => box.value);
  const fields = [
    field("name", "Name", name),
    field("description", "What it looks like", description, { hint: "Counts for new pictures; those that are there stay as they are." }),
    field("animation_sizes", "Sizes of films, in pixels", sizes, { hint: "Beside the full size. New ones are made of the films that are there, for free." }),
    field("quality", "Quality", quality),
    h("fieldset", { class: "ticks" }, h("legend", null, "More formats of films"), formats),
  ];
  ask({ title: `Edit ${found.name}`, agree: "Save", fields }, async () => {
    const widths = sizes.value.split(/[\s,;]+/).filter(Boolean).map((text) => (/^\d+$/.test(text) ? Number(text) : text));
    await page.api.patch(`/collections/${found.id}`, { name: name.value, description: description.value, animation_sizes: widths, extra_formats: chosen(), quality: quality.value });
    show(page);
  });
}

function remove(page, found) {
  ask({ title: `Delete ${found.name}?`, text: "All its poses and files go with it, for good. Apps that show them will find nothing.", agree: "Delete", danger: true }, async () => {
    await page.api.delete(`/collections/${found.id}`);
    go("/");
  });
}

// --- poses ---------------------------------------------------------------------------------------

async function poses(page, found, body) {
  const path = `/collections/${found.id}/items`;
  const items = await nextPage(page, path, {}, isPose);
  fill(body, newPose(page, found), items.entries.length ? tiles(page, path, {}, items, card, "pose", isPose) : none());
}

/** What leads from state to state of a canvas is shown there, and is no pose. */
const isPose = ({ type, canvas_id: canvas }) => !(canvas && type === "animation");

const none = () => h("div", { class: "empty small" }, icon("image"), h("h3", null, "No poses yet"), h("p", null, "Say above what it should do first."));

function card({ id, name, type, best, newest }) {
  const busy = newest?.status === "pending";
  const label = busy ? h("span", { class: "tag work" }, "At work") : newest?.status === "failed" ? h("span", { class: "tag failed" }, "Failed") : newest?.needs_review && h("span", { class: "tag caution" }, "To review");
  const kind = type === "animation" ? "Film" : capital(type);
  return tile({ href: `#/items/${id}`, picture: stillOf(best) ?? newest?.still_url, none: busy ? "Being drawn" : "No picture", name, label, kind, busy });
}

const KINDS = [["animation", "Moving"], ["image", "Still"], ["logo", "Logo"], ["transition", "Transition"], ["import", "Import"]];

const DOES = { animation: "Draw and animate it", image: "Draw it", logo: "Draw the logo", transition: "Animate it", import: "Import it" };

function newPose(page, found) {
  const { api, signal } = page;
  let kind = "animation";
  const pose = input({ placeholder: "sitting and smiling" });
  const motion = input({ placeholder: "wags its tail" });
  const seconds = h("input", { type: "number", min: 1, max: 10, step: 0.5, value: 2, inputmode: "decimal" });
  const name = input({ placeholder: "from the pose", maxlength: 120 });
  const from = h("select");
  const to = h("select");
  const file = h("input", { type: "file", accept: "image/png,image/jpeg,image/webp,image/gif,video/mp4,video/quicktime,video/webm" });
  const fields = {
    image_prompt: field("image_prompt", "Pose", pose),
    animation_prompt: field("animation_prompt", "How it moves", motion),
    source_image_asset_id: field("source_image_asset_id", "From the still of", from),
    end_image_asset_id: field("end_image_asset_id", "To the still of", to, { hint: "The way back is made too, for free." }),
    duration: field("duration", "Seconds", seconds),
    file: field("file", "Picture or film", file, { hint: "Free. Alpha that it has is kept; else it is cut out." }),
    name: field("name", "Name", name),
  };
  const uses = {
    animation: ["image_prompt", "animation_prompt", "duration", "name"],
    image: ["image_prompt", "name"],
    logo: ["image_prompt", "name"],
    transition: ["source_image_asset_id", "end_image_asset_id", "animation_prompt", "duration", "name"],
    import: ["file", "name"],
  };
  const ideas = h("div", { class: "ideas", role: "group", "aria-label": "Suggested poses" });

  const title = () => name.value.trim() || (kind === "transition" ? `${from.selectedOptions[0]?.text} to ${to.selectedOptions[0]?.text}` : kind === "import" ? file.files[0]?.name.replace(/\.\w+$/, "") : capital(pose.value.trim()) || (kind === "logo" ? "Logo" : ""));

  function request() {
    const wanted = { type: kind === "transition" ? "animation" : kind, name: title().slice(0, 120) || undefined };
    const values = { image_prompt: pose.value.trim() || undefined, animation_prompt: motion.value.trim() || undefined, duration: Number(seconds.value), source_image_asset_id: from.value, end_image_asset_id: to.value };
    for (const used of uses[kind]) if (used in values) wanted[used] = values[used];
    if (kind === "transition") wanted.auto_reverse = true;
    return wanted;
  }

  async function draw() {
    const begun = kind === "import" ? await imported() : await api.post(`/collections/${found.id}/generate`, { ...request(), max_credits: shown.cost });
    page.spent();
    go(`/items/${begun.item_id}`);
  }

  async function imported() {
    if (!file.files[0]) throw Object.assign(new Error("choose a picture or a film"), { field: "file" });
    return api.import(found.id, file.files[0], title());
  }

  async function choose(chosen) {
    kind = chosen;
    fill(submit, icon(kind === "import" ? "plus" : "spark"), DOES[kind]);
    for (const [used, element] of Object.entries(fields)) element.hidden = !uses[kind].includes(used);
    ideas.hidden = !uses[kind].includes("image_prompt") || kind === "logo";
    if (kind === "transition" && !from.options.length) await stills();
    element.dispatchEvent(new Event("change"));
  }

  async function stills() {
    for (const { name: label, best } of await api.all(`/collections/${found.id}/items`, { query: { latest: true, best: true }, signal })) {
      const id = stillId(best);
      if (id) for (const select of [from, to]) select.append(h("option", { value: id }, label));
    }
    if (to.options.length > 1) to.selectedIndex = 1;
  }

  const submit = h("button", { type: "submit", class: "primary" });
  const element = form({ class: "card stack new-pose" }, draw,
    h("div", { class: "section-head" }, h("h2", null, "New pose"), choice("kind", "Kind", KINDS, kind, choose)),
    h("div", { class: "fields" }, Object.values(fields)), ideas, h("div", { class: "composer-foot" }, submit));
  const shown = price(element, async () => {
    const wanted = request();
    if (kind === "import") return { cost_credits: 0 };
    const complete = kind === "logo" || (kind === "transition" ? wanted.source_image_asset_id && wanted.end_image_asset_id && wanted.animation_prompt : wanted.image_prompt && (kind === "image" || wanted.animation_prompt));
    return complete && wanted.name ? api.post(`/collections/${found.id}/generate`, { ...wanted, dry_run: true }, { signal }) : null;
  }, signal);
  submit.before(shown.element);
  choose(kind);
  suggest(page, found, ideas, pose);
  return element;
}

/** A few actions that would suit it; nothing is lost when nobody has an idea. */
async function suggest(page, found, ideas, pose) {
  try {
    const { actions } = await page.api.post("/suggest-actions", { collection_id: found.id, count: 4 }, { signal: page.signal });
    fill(ideas, actions.map((action) => h("button", { type: "button", class: "chip", onclick: () => { pose.value = action; pose.dispatchEvent(new Event("input", { bubbles: true })); pose.focus(); } }, action)));
  } catch {
    ideas.remove();
  }
}
