// Mascots and poses as tiles, a page at a time.
import { announce, fill, h } from "./dom.js";
import { place } from "./forms.js";
import { ground } from "./stage.js";
import { plural } from "./words.js";

const AT_ONCE = 24;

/** A page of what tiles are made of: the latest first, each entry with its best files. What is not `wanted` is
 *  passed over, so a page may take some requests. */
export async function nextPage({ api, signal }, path, query, wanted = () => true, cursor = undefined) {
  const entries = [];
  for (let next = cursor; ; ) {
    const page = await api.page(path, { query: { ...query, latest: true, best: true, limit: AT_ONCE, cursor: next }, signal });
    entries.push(...page.entries.filter(wanted));
    next = page.next_cursor;
    if (!next || entries.length >= AT_ONCE / 2) return { ...page, entries };
  }
}

/** Tiles of a first page, and a button for those that follow. `show(entry)` is one of them. */
export function tiles(page, path, query, first, show, noun, wanted) {
  const list = h("ul", { class: "grid" }, first.entries.map(show));
  let cursor = first.next_cursor;
  const trouble = h("div", { class: "form-fault", role: "alert" });
  const more = cursor && h("button", { type: "button", onclick: async () => {
    more.setAttribute("aria-busy", "true");
    fill(trouble);
    try {
      const next = await nextPage(page, path, query, wanted, cursor);
      const added = next.entries.map(show);
      list.append(...added);
      cursor = next.next_cursor;
      added[0]?.querySelector("a").focus({ preventScroll: true });
      announce(`${plural(list.childElementCount, noun)} are shown`);
    } catch (error) {
      place(foot, error);
    } finally {
      more.removeAttribute("aria-busy");
      if (!cursor) more.remove();
    }
  } }, "Show more");
  const foot = more && h("div", { class: "tiles-foot" }, more, trouble);
  return [list, foot];
}

/** A tile: a picture, or in words why there is none; a name; and what is to be said beside it. */
export const tile = ({ href, picture, none, name, label, kind, busy = false }) =>
  h("li", null,
    h("a", { class: "tile", href },
      ground("checker", { class: `tile-view${busy ? " drawing" : ""}` }, picture ? h("img", { src: picture, alt: "", width: 240, height: 240, loading: "lazy", decoding: "async" }) : h("span", { class: "tile-none" }, none)),
      h("span", { class: "tile-name" }, name, label), kind && h("span", { class: "tile-kind" }, kind)));
