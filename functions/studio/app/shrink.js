// Photos made smaller in the browser, before they are sent: an artist sees no more of them.

const MOST = 4_000_000; // pixels
const KEEPS_ALPHA = new Set(["image/png", "image/webp"]);

/** The width and height that a picture is sent in: its own, or as many pixels as are enough. Pure. */
export function fit(width, height, most = MOST) {
  const scale = Math.min(1, Math.sqrt(most / (width * height)));
  return [width, height].map((side) => Math.max(1, Math.floor(side * scale)));
}

/** The file to send for a picture: smaller where it has too many pixels, upright as it is seen, with its
 *  alpha if it is of a kind that has it. What a browser cannot read, and what moves, is sent as it is. */
export async function shrink(file) {
  if (!/^image\/(?:png|jpeg|webp)$/.test(file.type)) return file;
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!picture) return file;
  try {
    const [width, height] = fit(picture.width, picture.height);
    if (width === picture.width && height === picture.height) return file;
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, width, height);
    const type = KEEPS_ALPHA.has(file.type) ? "image/png" : "image/jpeg";
    const smaller = await new Promise((resolve) => canvas.toBlob(resolve, type, 0.92));
    return smaller ? new File([smaller], file.name, { type }) : file;
  } finally {
    picture.close();
  }
}
