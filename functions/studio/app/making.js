// Making a mascot with its first pose: writes that stand or fall together, however they end.
//
// Each write is named by its content for as long as nobody knows how it ended, so that the same one again
// is not done twice. What is begun is noted on this device: where a tab was closed in between, the next
// visit finds the note and takes back what stayed empty.
import { Fault, nameOfWrite } from "./api.js";

const NOTE = "mascotry.making";
const LOCK = "mascotry.making";
const PATIENCE = 10 * 60_000; // how long another tab may be at it, where that cannot be looked at
const KEPT = 24 * 3_600_000; // for so long the API knows a write by its name

/** Makes one mascot after another for a form, which may be sent again after a failure. */
export class Making {
  #names = new Map();

  constructor(api) {
    this.api = api;
  }

  /** Make a character and begin its first pose; the answer of `generate`. Without `character.project_id`
   *  a project is made as well. A refusal is thrown when what was made is gone again; so is, with the code
   *  `caveat`, what the artist says of the request before it is paid, unless that is what was `agreed` to. */
  begin = (character, request, agreed = "") => alone(() => this.#begin(character, request, agreed));

  async #begin(character, request, agreed) {
    await takeBack(this.api, this.#noted(character));
    const made = [];
    try {
      let { project_id: project } = character;
      if (!project) {
        project = (await this.#post("/projects", { name: "My mascots" })).id;
        made.push(`/projects/${project}`);
      }
      const body = { ...character, project_id: project };
      localStorage.setItem(NOTE, JSON.stringify({ name: this.#name("/collections", body), body, at: Date.now() }));
      const mascot = (await this.#post("/collections", body)).id;
      made.push(`/collections/${mascot}`);
      const { warnings } = await this.api.post(`/collections/${mascot}/generate`, { ...request, dry_run: true });
      const said = warnings.join(" ");
      if (said && said !== agreed) throw new Fault(422, { code: "caveat", message: said });
      const begun = await this.#post(`/collections/${mascot}/generate`, request);
      this.#forget();
      return begun;
    } catch (error) {
      if (isRefusal(error)) {
        const isGone = !made.length || (await this.api.delete(made[0]).then(() => true, () => false));
        if (isGone) this.#forget();
      }
      throw error;
    }
  }

  #post = (path, body) => this.api.post(path, body, { name: this.#name(path, body) });

  #name(path, body) {
    const content = `${path} ${JSON.stringify(body)}`;
    if (!this.#names.has(content)) this.#names.set(content, nameOfWrite());
    return this.#names.get(content);
  }

  /** Whether a note is of the very write that is about to be sent again. */
  #noted = (character) => (body) => Object.entries(character).every(([key, value]) => key === "project_id" ? !value || value === body[key] : JSON.stringify(value) === JSON.stringify(body[key]));

  #forget() {
    this.#names.clear();
    localStorage.removeItem(NOTE);
  }
}

/** Take back what a tab that was closed has left behind, unless another one is at it. */
export const tidy = (api) => (localStorage.getItem(NOTE) ? alone(() => takeBack(api), { ifAvailable: true }) : undefined);

async function takeBack(api, isWanted = () => false) {
  const note = JSON.parse(localStorage.getItem(NOTE) ?? "null");
  if (!note || isWanted(note.body)) return;
  const age = Date.now() - note.at;
  if (!navigator.locks && age < PATIENCE) return;
  if (age < KEPT) {
    try {
      const { id } = await api.post("/collections", note.body, { name: note.name }); // the same answer again
      const { total } = await api.page(`/collections/${id}/items`, { query: { limit: 1 } });
      if (!total) await api.delete(`/collections/${id}`);
    } catch (error) {
      if (!isRefusal(error)) return;
    }
  }
  localStorage.removeItem(NOTE);
}

/** Whether an answer says for certain that nothing was done. */
const isRefusal = ({ status }) => status >= 400 && status < 500 && status !== 409;

/** One tab after the other. A page that is not secure has no locks. */
const alone = (act, options = {}) =>
  navigator.locks ? navigator.locks.request(LOCK, options, (lock) => (lock ? act() : undefined)) : act();
