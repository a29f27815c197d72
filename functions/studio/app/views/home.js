// All mascots, and the box in which a new one begins.
import { announce, fill, h } from "../dom.js";
import { ask } from "../dialog.js";
import { area, explained, field, form, input, price, tick } from "../forms.js";
import { icon } from "../icons.js";
import { Making, tidy } from "../making.js";
import { References } from "../references.js";
import { go } from "../router.js";
import { stillOf } from "../best.js";
import { nextPage, tile, tiles } from "../tiles.js";
import { capital, nameOf, plural } from "../words.js";
import { Fault } from "../api.js";

const IDEAS = ["an orange fox with a blue scarf", "a sleepy green owl with round glasses", "a pink pig with round black glasses", "a grey cat with a red bow tie"];

export async function show(page) {
  const { api, signal, parameters } = page;
  page.show("Mascots", skeleton());
  await tidy(api)?.catch(() => {});
  const [projects, mascots] = await Promise.all([
    api.all("/projects", { signal }),
    nextPage(page, "/collections", { project_id: parameters.project }),
  ]);
  const project = parameters.project && projects.find(({ id }) => id === parameters.project);
  if (parameters.project && !project) throw new Fault(404, { code: "not_found", message: "There is no such project" });
  page.show(project ? project.name : "Mascots", composer(page, projects, mascots.entries[0], project), shelf(page, projects, mascots, project));
}

function composer(page, projects, some, project) {
  const { api, signal } = page;
  const references = new References(api);
  const words = area({ rows: 2, class: "large", placeholder: "an orange fox with a blue scarf", maxlength: 4000 });
  const pose = input({ value: "waving hello" });
  const motion = input({ value: "waves happily" });
  const seconds = h("input", { type: "number", min: 1, max: 10, step: 0.5, value: 2, inputmode: "decimal" });
  const name = input({ placeholder: "from your words", maxlength: 120 });
  const moves = tick("moves", "Let it move", { checked: true });
  const moving = moves.querySelector("input");
  const motionField = field("animation_prompt", "How it moves", motion);
  const secondsField = field("duration", "Seconds", seconds);
  moving.addEventListener("change", () => {
    motionField.hidden = secondsField.hidden = !moving.checked;
  });
  const where = h("select", null, projects.map(({ id, name: label }) => h("option", { value: id, selected: id === project?.id }, label)), h("option", { value: "" }, "A new project"));
  const making = new Making(api);
  let agreed = ""; // what the artist said of the words when Create was pressed last

  const request = () => ({
    type: moving.checked ? "animation" : "image",
    name: capital(pose.value.trim()).slice(0, 120),
    image_prompt: pose.value.trim(),
    ...(moving.checked && { animation_prompt: motion.value.trim(), duration: Number(seconds.value) }),
  });

  async function create() {
    const description = words.value.trim();
    if (!description && !references.ids.length) throw new Fault(0, { field: "description", message: "say in a few words what it looks like, or drop a picture of it" });
    const character = {
      project_id: where.value,
      name: name.value.trim() || (description ? nameOf(description) : undefined),
      description: description || undefined,
      reference_asset_ids: references.ids,
      animation_sizes: [256],
    };
    const begun = await making.begin(character, { ...request(), max_credits: shown.cost }, agreed).catch((fault) => {
      if (fault.code !== "caveat") throw fault;
      agreed = fault.message;
      throw new Fault(0, { message: `${agreed} Choose other words, or press Create again to go on without these.` });
    });
    page.spent();
    go(`/items/${begun.item_id}`);
  }

  const submit = h("button", { type: "submit", class: "primary large" }, "Create", icon("arrow"));
  const element = form(
    { class: "composer" },
    create,
    h("h1", { tabindex: -1 }, "Describe a mascot"),
    h("p", { class: "lead" }, "A few words are enough. It is drawn, cut out, set in motion and encoded for every screen."),
    h("div", { class: "composer-box" },
      field("description", "What does it look like?", words),
      h("div", { class: "ideas", role: "group", "aria-label": "Ideas" }, IDEAS.map((idea) => h("button", { type: "button", class: "chip", onclick: () => { words.value = idea; words.dispatchEvent(new Event("input", { bubbles: true })); words.focus(); } }, idea))),
      references.element,
      h("div", { class: "fields motion" }, field("image_prompt", "First pose", pose), motionField, secondsField),
      h("details", { class: "more" }, h("summary", null, "Name and project"), h("div", { class: "fields" }, field("name", "Name", name), field("project_id", "Project", where))),
      h("div", { class: "composer-foot" }, moves, submit),
    ),
  );
  // Prices do not depend on the character, so any will do to ask for one; the very first is told by the price list.
  const shown = price(element, async () => {
    const wanted = request();
    if (!wanted.image_prompt || (moving.checked && !wanted.animation_prompt)) return null;
    if (some) return { ...(await api.post(`/collections/${some.id}/generate`, { ...wanted, dry_run: true }, { signal })), warnings: [] };
    return { cost_credits: 1 + (moving.checked ? 5 * Math.ceil(wanted.duration) : 0) };
  }, signal);
  submit.before(shown.element);
  return element;
}

function shelf(page, projects, mascots, project) {
  const chips = h("nav", { class: "chips", "aria-label": "Projects" },
    h("a", { class: "chip", href: "#/", "aria-current": project ? null : "page" }, "All"),
    projects.map(({ id, name }) => h("a", { class: "chip", href: `#/projects/${id}`, "aria-current": id === project?.id ? "page" : null }, name)));
  const tools = project && h("div", { class: "row" },
    h("button", { type: "button", class: "quiet", onclick: () => rename(page, project) }, "Rename"),
    h("button", { type: "button", class: "quiet", onclick: () => remove(page, project, mascots.total) }, "Delete"));
  return h("section", { class: "shelf", "aria-label": "Your mascots" },
    h("div", { class: "section-head" }, h("h2", null, project ? project.name : "Your mascots"), tools),
    projects.length > 0 && chips,
    mascots.entries.length ? found(page, project, mascots) : empty());
}

/** The mascots; where there are more than a page, with a box that finds some of them by name. */
function found(page, project, mascots) {
  const query = { project_id: project?.id };
  const all = tiles(page, "/collections", query, mascots, card, "mascot");
  if (!mascots.next_cursor) return all;
  const place = h("div", { class: "shelf" }, all);
  const words = h("input", { type: "search", placeholder: "Find a mascot", "aria-label": "Find a mascot by name" });
  let everyone;
  let turn = 0;
  words.addEventListener("input", async () => {
    const wanted = words.value.trim().toLowerCase();
    const mine = ++turn;
    if (!wanted) return fill(place, all);
    everyone ??= page.api.all("/collections", { query: { ...query, latest: true, best: true }, signal: page.signal });
    try {
      const matching = (await everyone).filter(({ name }) => name.toLowerCase().includes(wanted));
      if (mine !== turn) return;
      fill(place, matching.length ? h("ul", { class: "grid" }, matching.map(card)) : h("p", { class: "dim" }, "No mascot has this name."));
      announce(plural(matching.length, "mascot"));
    } catch (error) {
      everyone = undefined;
      if (!page.signal.aborted) fill(place, explained(error));
    }
  });
  return [words, place];
}

const card = ({ id, name, best }) => tile({ href: `#/mascots/${id}`, picture: stillOf(best), none: "Not drawn yet", name });

const empty = () =>
  h("div", { class: "empty small" }, icon("spark"), h("h3", null, "Nobody lives here yet"), h("p", null, "Describe a character above and press Create. The first one takes about half a minute."));

function rename(page, project) {
  const name = input({ value: project.name, maxlength: 120 });
  ask({ title: "Rename the project", agree: "Rename", fields: [field("name", "Name", name)] }, async () => {
    await page.api.patch(`/projects/${project.id}`, { name: name.value });
    show(page);
  });
}

function remove(page, project, count) {
  const text = count ? `${plural(count, "mascot")} and all files go with it, for good.` : "It is empty.";
  ask({ title: `Delete ${project.name}?`, text, agree: "Delete", danger: true }, async () => {
    await page.api.delete(`/projects/${project.id}`);
    go("/");
  });
}

const skeleton = () =>
  h("div", { class: "composer" }, h("h1", { tabindex: -1 }, "Describe a mascot"), h("p", { class: "lead" }, "A few words are enough. It is drawn, cut out, set in motion and encoded for every screen."), h("div", { class: "composer-box skeleton tall", "aria-hidden": "true" }));
