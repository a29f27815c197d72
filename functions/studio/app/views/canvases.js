// The interactive mascots of a character: state machines of poses and the films between them.
import { fill, h } from "../dom.js";
import { icon } from "../icons.js";

export async function canvases(page, found, body) {
  fill(body, h("div", { class: "empty" }, icon("film"), h("h2", null, "No canvas yet"), h("p", null, "A canvas lets a mascot react: poses are its states, films lead from one to the next. Make one with the API; it is shown here.")));
}
