// How things are said: pure functions from values to words.

export const credits = (count) => `${count.toLocaleString("en")} ${count === 1 ? "credit" : "credits"}`;

export const plural = (count, noun, many = `${noun}s`) => `${count.toLocaleString("en")} ${count === 1 ? noun : many}`;

export function bytes(count) {
  if (count < 1000) return `${count} B`;
  return count < 1_000_000 ? `${Math.round(count / 1000)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}

export const when = (text) =>
  new Date(text).toLocaleString("en", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false });

export const percent = (share) => {
  const value = share * 100;
  return `${value > 0 && value < 1 ? value.toFixed(1) : Math.round(value)} %`;
};

/** "an orange fox with a blue scarf" → "Orange fox". */
export function nameOf(description) {
  const head = description.trim().split(/[,.;:\n]| (?:with|wearing|who|that|which|in|on|holding|and) /i)[0];
  const words = head.replace(/^(?:a|an|the|my|our)\s+/i, "").split(/\s+/).filter(Boolean);
  return capital(words.filter((word) => !/^(?:friendly|cute|mascot|little|small|happy)$/i.test(word)).slice(-3).join(" ") || words.join(" ")).slice(0, 60);
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const STEPS = {
  intake: "Read", image: "Draw", cutout: "Cut out", validate: "Compare", style_card: "Style card", video: "Animate",
  reverse: "Turn round", transcode: "Encode", resize: "Resize", sizes: "Sizes", purge: "Remove", noop: "Nothing",
};
const FORMATS = {
  image: "Still as drawn", transparent_image: "Still, cut out", video: "Film on a key colour", webm: "VP9 with alpha",
  hevc: "HEVC with alpha", stacked_video: "H.264, stacked alpha", avif: "AVIF, animated", animated_webp: "WebP, animated",
  apng: "PNG, animated", gif: "GIF", sprite_sheet: "Sprite sheet",
};
const SHORT = { webm: "VP9", hevc: "HEVC", stacked_video: "Stacked", avif: "AVIF", animated_webp: "WebP", apng: "APNG", gif: "GIF", sprite_sheet: "Sprites" };

/** What films may come in beside what players need. */
export const EXTRA_FORMATS = ["avif", "animated_webp", "apng", "gif", "sprite_sheet"];
const STATES = {
  blocked: "waits", ready: "next", running: "at work", waiting: "at the provider", publishing: "publishing",
  succeeded: "done", failed: "failed", skipped: "left out",
};
const CHECKS = {
  palette: "Colours", missing: "Features kept", added: "Free of extras", line: "Outlines", shading: "Shading", head: "Face",
  proportions: "Proportions", features: "Features", frame: "In the frame", background: "Background",
};

export const checkName = (check) => CHECKS[check] ?? capital(check.replaceAll("_", " "));
export const formatName = (type) => FORMATS[type] ?? type;
export const stateName = (status) => STATES[status] ?? status;

/** What a step does, in a word or two. */
export const stepName = ({ id, kind }) => {
  const format = Object.keys(SHORT).find((type) => kind === "transcode" && id.includes(type));
  return format ? SHORT[format] : STEPS[kind] ?? capital(kind);
};

/** Where the files of a type play. */
export const playsOn = (type) =>
  ({ webm: "Chrome, Firefox, Android", hevc: "Safari, iOS, macOS", stacked_video: "React Native, Flutter", video: "The master", image: "PNG", transparent_image: "PNG with alpha", avif: "Pages in new browsers", animated_webp: "Any page", apng: "Any page, lossless edges", gif: "Mail and chats, hard edges", sprite_sheet: "Games" })[type] ?? "";
