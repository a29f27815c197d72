// Who has no key yet gives one.
import { h } from "../dom.js";
import { explained, field, form, input, tick } from "../forms.js";
import { logo } from "../icons.js";
import { Fault } from "../api.js";

/** The card. `enter(secret, remember)` lets somebody in, or throws what the API has against it. */
export function signIn({ error, suggested, enter }) {
  const secret = input({ type: "password", placeholder: "msk_…", spellcheck: "false", autocomplete: "off", value: suggested ?? "" });
  const remember = tick("remember", "Keep it on this device after the tabs are closed");
  const card = form(
    { class: "card signin" },
    async () => {
      const given = secret.value.trim();
      if (!/^[\x21-\x7e]+$/.test(given)) throw new Fault(0, { code: "missing", field: "key", message: "paste a key here; it begins with msk_" });
      try {
        await enter(given, remember.querySelector("input").checked);
      } catch (fault) {
        if (fault.status === 401) fault.field = "key";
        throw fault;
      }
    },
    h("div", { class: "signin-head" }, logo(), h("h1", { tabindex: -1 }, "Welcome to the studio"), h("p", { class: "dim" }, "Mascots, drawn and moving, from a few words.")),
    error && explained(error),
    suggested && h("p", { class: "notice" }, "A link has brought this key. Sign in with it only if you trust who gave you the link."),
    field("key", "Your key", secret, { hint: "A secret key with the scope write. It goes to this server alone, with each request, and into no address." }),
    remember,
    h("button", { type: "submit", class: "primary large" }, "Sign in"),
    h("details", null, h("summary", null, "Where do I get a key?"),
      h("p", null, "On your own machine ", h("code", null, "make dev"), " prints a command that signs you in; the key itself is in ", h("code", null, ".mascotry/dev-key"), "."),
      h("p", null, "Elsewhere, whoever runs the installation makes one: ", h("code", null, "POST /v1/keys"), ".")),
  );
  return h("div", { class: "page centre" }, card);
}
