// The one place that reads which files of a pose count, as /best and lists with `best=true` tell it.

/** The still of a pose for a small view, or nothing. */
export const stillOf = (best) => best?.transparent_image_webp?.url ?? best?.transparent_image?.url;

/** The id of the still that films can be made of, or nothing. */
export const stillId = (best) => best?.transparent_image?.asset_id;

/** Whether the best files of a pose include a film. */
export const moves = (best) => Boolean(best?.webm ?? best?.hevc ?? best?.stacked_video);

/** The address that always serves the best file of a kind, or nothing. */
export const urlOf = (best, key) => best?.[key]?.url;

/** Whether a version is served at the stable addresses: all that it made are the best of their kind. */
export const isBest = (version, best) => {
  const ids = new Set(Object.values(best).map(({ asset_id: id }) => id));
  return version.ready.length > 0 && version.ready.every((asset) => ids.has(asset.id));
};
