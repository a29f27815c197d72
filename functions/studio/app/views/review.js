// What people think of a version: approve, reject, pin. It counts for all files that the version has.
import { announce, fill, h } from "../dom.js";
import { complain } from "../forms.js";
import { icon } from "../icons.js";

/** The buttons; `done` is called when the judgement is stored for every file. When it could not be for
 *  some, the buttons stay as they were, so that the same one again does the rest. */
export function reviewButtons({ api }, version, done) {
  const trouble = h("div", { role: "alert" });
  const judge = async (button, judgement, said) => {
    const buttons = [...row.querySelectorAll("button")];
    buttons.forEach((other) => (other.disabled = true));
    button.setAttribute("aria-busy", "true");
    fill(trouble);
    try {
      const files = version.ready;
      const stored = await Promise.allSettled(files.map((asset) => api.patch(`/assets/${asset.id}`, judgement)));
      const failed = stored.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
      if (failed.length) throw missed(failed, files.length);
      announce(said);
      await done();
    } catch (error) {
      complain(trouble, error);
      button.removeAttribute("aria-busy");
      buttons.forEach((other) => (other.disabled = false));
    }
  };
  const toggle = (name, label, symbol, on, judgement, said) => {
    const button = h("button", { type: "button", class: `judge ${name}`, "aria-pressed": String(Boolean(on)), onclick: () => judge(button, judgement, said) }, icon(symbol), label);
    return button;
  };
  const { review, pinned } = version;
  const row = h("div", { class: "row", role: "group", "aria-label": `Review of version ${version.number}` },
    toggle("approve", "Approve", "check", review === "approved", { review: review === "approved" ? null : "approved" }, review === "approved" ? "No longer approved" : "Approved"),
    toggle("reject", "Reject", "close", review === "rejected", review === "rejected" ? { review: null } : { review: "rejected", pinned: false }, review === "rejected" ? "No longer rejected" : "Rejected"),
    toggle("pin", "Pin", "pin", pinned, pinned ? { pinned: false } : { pinned: true, ...(review === "rejected" && { review: null }) }, pinned ? "No longer pinned" : "Pinned: this one is served"));
  return h("div", { class: "stack" }, row, h("p", { class: "hint" }, "Apps get a still with its own film: the one that was pinned last, else the latest one approved, else the latest that nobody rejected."), trouble);
}

/** The first fault of several, and how many files it has kept from being judged. */
function missed(faults, files) {
  const [{ message, status }] = faults;
  const count = faults.length === files ? "" : `This was stored for all but ${faults.length} of ${files} files. `;
  return Object.assign(new Error(count + message), { status });
}
