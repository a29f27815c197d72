// Following a job: server-sent events, read with fetch because EventSource cannot send a key.
import { Fault, pause } from "./api.js";

const SILENCE = 6_000; // a stream says something at once; a proxy that keeps it back does not
const STILL_HERE = 40_000; // and then at least every 15 seconds
const POLL = 2_000;
const RESTARTS = 5; // tries to reach the next server when one has said that it ends

export const ended = (job) => job.status === "completed" || job.status === "failed";

/** Each state of a job, until it has ended. What a stream does not bring is asked for. */
export async function* follow(api, jobId, signal) {
  let last = "";
  for (let chances = 1; chances > 0; ) {
    let heard = false;
    try {
      for await (const event of stream(api, jobId, last, signal)) {
        heard = true;
        if (!event) continue;
        last = event.id;
        if (event.name === "reconnect") chances = RESTARTS;
        yield event.job;
        if (ended(event.job)) return;
      }
    } catch (error) {
      if (signal.aborted || (error instanceof Fault && error.status && error.status < 500)) throw error;
    }
    if (!heard) chances--;
    if (chances > 0) await pause(500, signal);
  }
  for (;;) {
    const job = await api.get(`/jobs/${jobId}`, { signal });
    yield job;
    if (ended(job)) return;
    await pause(POLL, signal);
  }
}

/** The events of one connection, and null for whatever else shows that somebody is there. */
async function* stream(api, jobId, last, signal) {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  signal.addEventListener("abort", stop, { once: true });
  let watch = setTimeout(stop, SILENCE);
  try {
    const headers = { ...api.headers, ...(last && { "Last-Event-ID": last }) };
    const response = await fetch(`${api.base}/jobs/${jobId}/events`, { headers, credentials: "omit", cache: "no-store", signal: stopped.signal });
    if (!response.ok) throw new Fault(response.status, (await response.json()).error);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watch);
      watch = setTimeout(stop, STILL_HERE);
      const blocks = (text + value).split("\n\n");
      text = blocks.pop(); // not whole yet
      for (const block of blocks) {
        const { id, event: name, data } = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/)));
        yield data ? { id, name, job: JSON.parse(data) } : null;
      }
    }
  } finally {
    clearTimeout(watch);
    signal.removeEventListener("abort", stop);
    stop();
  }
}
