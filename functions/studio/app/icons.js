// A few line icons, 24 by 24, drawn for this page.
import { svg } from "./dom.js";

const PATHS = {
  arrow: "M5 12h14M13 6l6 6-6 6",
  check: "M5 13l4 4L19 7",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 10h4M4 14h4M16 10h4M16 14h4",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.500 9h.01",
  leave: "M14 4h5v16h-5M4 12h11M11 8l4 4-4 4",
  lock: "M6 11h12v9H6zM9 11V8a3 3 0 016 0v3",
  unlock: "M6 11h12v9H6zM9 11V8a3 3 0 015.800-1",
  moon: "M20 14.500A8 8 0 019.500 4a8 8 0 1010.500 10.500z",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500L19 19M5 19l1.500-1.500M17.500 6.500L19 5",
  pause: "M9 6v12M15 6v12",
  play: "M8 5.500l11 6.500-11 6.500z",
  pin: "M9 4h6l-1 6 4 4H6l4-4zM12 14v6",
  plus: "M12 5v14M5 12h14",
  redo: "M19 12a7 7 0 11-2-5l2 2M19 4v5h-5",
  spark: "M12 3l2 6.500L20.500 12 14 14.500 12 21l-2-6.500L3.500 12 10 9.500z",
  stop: "M7 7h10v10H7z",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
};

/** An icon, which says nothing to who cannot see it: the button beside it does. */
export const icon = (name) =>
  svg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", width: 20, height: 20, "aria-hidden": "true", focusable: "false" },
    svg("path", { d: PATHS[name] }),
  );

/** The face of the house. */
export const logo = () =>
  svg(
    "svg",
    { class: "logo", viewBox: "0 0 32 32", width: 28, height: 28, "aria-hidden": "true", focusable: "false" },
    svg("path", { class: "fur", d: "M4 5l7 4h10l7-4-1 13c-.6 6-5.500 10-11 10S5.600 24 5 18z" }),
    svg("path", { class: "snout", d: "M9 18c0-2.500 3-4.500 7-4.500s7 2 7 4.500c0 4-3 7-7 7s-7-3-7-7z" }),
    svg("path", { class: "ink", d: "M11.500 12.200a1.800 1.800 0 100 3.600 1.800 1.800 0 000-3.600zM20.500 12.200a1.800 1.800 0 100 3.600 1.800 1.800 0 000-3.600zM13.800 18.500h4.400L16 21z" }),
  );

/** The same, as if it were being drawn. */
export const outline = () =>
  svg(
    "svg",
    { viewBox: "0 0 32 32", width: 140, height: 140, "aria-hidden": "true", focusable: "false" },
    ["M4 5l7 4h10l7-4-1 13c-.6 6-5.500 10-11 10S5.600 24 5 18z", "M9 18c0-2.500 3-4.500 7-4.500s7 2 7 4.500c0 4-3 7-7 7s-7-3-7-7z", "M13.800 18.500h4.400L16 21z"].map((d) => svg("path", { class: "outline", d, pathLength: 1 })),
  );
