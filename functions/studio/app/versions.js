// Versions: what each job has made of an item, the newest first. Pure.

/** The key of an asset, as jobs name it: webm, webm_256, reverse_webm. */
export const keyOf = ({ type, size, purpose }) => [purpose, type, size].filter((part) => part !== null && part !== undefined).join("_");

/** The assets of an item by the job that made them. */
export function versionsOf(assets) {
  const jobs = new Map();
  for (const asset of assets) {
    const id = asset.job_id ?? "-";
    if (!jobs.has(id)) jobs.set(id, []);
    jobs.get(id).push(asset);
  }
  const made = [...jobs].map(([id, of]) => new Version(id, of)).sort((one, other) => (one.at < other.at ? 1 : -1));
  made.forEach((version, index) => (version.number = made.length - index));
  return made;
}

class Version {
  constructor(jobId, assets) {
    this.jobId = jobId;
    this.assets = assets;
    this.at = assets.reduce((first, asset) => (asset.created_at < first ? asset.created_at : first), assets[0].created_at);
    this.ready = assets.filter((asset) => asset.status === "ready");
    this.files = Object.fromEntries(this.ready.map((asset) => [keyOf(asset), asset.url]));
    this.needsReview = assets.some((asset) => asset.needs_review);
    const { verdict } = this;
    this.score = verdict?.checks.length ? Math.min(...verdict.checks.map((check) => check.score)) : null;
  }

  asset = (key) => this.assets.find((asset) => keyOf(asset) === key);

  /** How far its still is from the style card, or nothing. */
  get verdict() {
    return this.assets.map((asset) => asset.metadata?.consistency).find(Boolean) ?? null;
  }

  get review() {
    const [first] = this.ready;
    return first && this.ready.every((asset) => asset.review === first.review) ? first.review : null;
  }

  get pinned() {
    return this.ready.length > 0 && this.ready.every((asset) => asset.pinned_at);
  }

  get moves() {
    return Boolean(this.files.webm || this.files.hevc || this.files.stacked_video);
  }
}
