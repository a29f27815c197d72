// How alike pictures are to the style card: one small line for each check.
import { h, svg } from "./dom.js";
import { checkName, percent } from "./words.js";

const WIDTH = 160;
const HEIGHT = 44;
const INSET = 4;

/** Scores by check, from verdicts in the order in which pictures were made. Pure. */
export function series(verdicts) {
  const found = new Map();
  verdicts.forEach(({ checks }, index) =>
    checks.forEach(({ name, score, threshold }) => {
      if (!found.has(name)) found.set(name, { name, threshold, points: [] });
      found.get(name).points.push({ index, score });
    }),
  );
  return [...found.values()];
}

/** One check over all pictures. What is below the threshold was sent back, or is warned of. */
export function drift({ name, threshold, points }, count) {
  const x = (index) => (count > 1 ? INSET + (index / (count - 1)) * (WIDTH - 2 * INSET) : WIDTH / 2);
  const y = (score) => INSET + (1 - score) * (HEIGHT - 2 * INSET);
  const last = points.at(-1).score;
  const low = points.filter(({ score }) => score < threshold).length;
  const least = percent(threshold);
  const said = `${checkName(name)}: ${percent(last)} in the last of ${points.length} pictures, ${low || "none"} below ${least}, which is enough`;
  return h(
    "div",
    { class: "drift" },
    h("div", { class: "drift-head" }, h("span", null, checkName(name)), h("strong", { class: last < threshold ? "low" : "" }, percent(last))),
    svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": said },
      svg("line", { class: "threshold", x1: 0, x2: WIDTH, y1: y(threshold), y2: y(threshold) }),
      points.length > 1 && svg("polyline", { points: points.map(({ index, score }) => `${x(index)},${y(score)}`).join(" ") }),
      points.map(({ index, score }) => svg("circle", { class: score < threshold ? "low" : null, cx: x(index), cy: y(score), r: 3 })),
    ),
  );
}

/** The checks of one picture, as bars. */
export const verdictBars = ({ checks }) =>
  h(
    "dl",
    { class: "bars" },
    checks.map(({ name, score, threshold }) => [
      h("dt", null, checkName(name)),
      h("dd", null, h("span", { class: score < threshold ? "bar low" : "bar", vars: { share: score } }), `${percent(score)} ${score < threshold ? "too far off" : "alike"}`),
    ]),
  );
