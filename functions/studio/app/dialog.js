// Questions before something that cannot be taken back, and small forms above the page.
import { h } from "./dom.js";
import { form } from "./forms.js";

/** Ask; `act` is done when somebody agrees, and what the API has against it is shown. */
export function ask({ title, text, agree, danger = false, fields = [] }, act) {
  const dialog = h("dialog", { "aria-label": title });
  const close = () => dialog.close();
  dialog.append(
    form(
      { class: "stack" },
      async (element) => {
        await act(element);
        close();
      },
      h("h2", null, title),
      text && h("p", null, text),
      fields,
      h("div", { class: "row end" }, h("button", { type: "button", onclick: close }, "Cancel"), h("button", { type: "submit", class: danger ? "danger" : "primary" }, agree)),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
