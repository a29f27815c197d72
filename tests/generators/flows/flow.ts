// What an app does with the types of openapi-typescript and openapi-fetch: `flow.js URL KEY PICTURE`.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

import createClient from "openapi-fetch";

import type { paths } from "./mascotry.js";

type Message = { headers: IncomingHttpHeaders; body: Buffer };

const PATIENCE_MS = 400_000;
const [baseUrl, key, picture] = process.argv.slice(2) as [string, string, string];
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });

// The data of an answer, which has to be one.
function data<A extends { data: unknown }>(answer: { data?: A; error?: unknown }): A["data"] {
  assert(answer.data, JSON.stringify(answer.error));
  return answer.data.data;
}

async function finished(jobId: string) {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    const params = { path: { job_id: jobId }, query: { wait: true, timeout: 20 } };
    const job = data(await api.GET("/v1/jobs/{job_id}", { params }));
    if (job.status === "completed" || job.status === "failed") return job;
  }
  throw new Error(`job ${jobId} was not finished`);
}

// A message's content, if the server has signed it.
function verified(secret: string, { headers, body }: Message): { event: string; job_id: string } {
  const at = String(headers["webhook-timestamp"]);
  assert(Math.abs(Date.now() / 1000 - Number(at)) < 300);
  const signed = createHmac("sha256", Buffer.from(secret.replace(/^whsec_/, ""), "base64"));
  signed.update(`${headers["webhook-id"]}.${at}.`).update(body);
  assert.equal(headers["webhook-signature"], `v1,${signed.digest("base64")}`);
  return JSON.parse(body.toString());
}

async function flow(hook: string, message: Promise<Message>) {
  const project = data(await api.POST("/v1/projects", { body: { name: "My app" } }));
  const form = new FormData();
  form.set("file", new Blob([await readFile(picture)], { type: "image/png" }), "fox.png");
  const upload = data(
    await api.POST("/v1/upload", { body: { file: "" }, bodySerializer: () => form }),
  );
  const collection = data(
    await api.POST("/v1/collections", {
      body: {
        project_id: project.id,
        name: "Felix",
        description: "A friendly orange fox mascot",
        reference_asset_ids: [upload.id],
        animation_sizes: [64],
        quality: "draft",
      },
    }),
  );
  const { secret } = data(
    await api.POST("/v1/webhooks", { body: { url: hook, events: ["job.completed"] } }),
  );

  const generate = "/v1/collections/{collection_id}/generate";
  const params = { path: { collection_id: collection.id } };
  const wave = {
    type: "animation",
    name: "Wave",
    image_prompt: "waving hello",
    animation_prompt: "waves happily",
  } as const;
  const answer = data(await api.POST(generate, { params, body: wave }));
  assert("job_id" in answer);
  const job = await finished(answer.job_id);
  assert.equal(job.status, "completed", JSON.stringify(job.error));

  const event = verified(secret, await message);
  assert.deepEqual([event.event, event.job_id], ["job.completed", job.id]);

  const item = { params: { path: { item_id: answer.item_id } } };
  const listed = data(await api.GET("/v1/items/{item_id}/assets", item));
  const ids = new Set(listed.map((asset) => asset.id));
  assert(Object.values(job.asset_ids).every((id) => ids.has(id)));
  // The card is of the picture, which is no fox: people decide whether they like the drawing.
  const webm = { params: { path: { asset_id: job.asset_ids["webm"]! } } };
  const judged = data(await api.PATCH("/v1/assets/{asset_id}", { ...webm, body: { review: "approved" } }));
  assert.equal(judged.review, "approved");
  const best = data(await api.GET("/v1/items/{item_id}/best", item));
  assert(best["webm"]);
  const film = await fetch(best["webm"].url);
  assert.equal(film.headers.get("Content-Type"), "video/webm");
  assert.equal(Buffer.from(await film.arrayBuffer()).readUInt32BE(), 0x1a45dfa3);

  const refused = await api.POST(generate, { params, body: { ...wave, duration: 99 } });
  assert(refused.error?.error.code === "bad_request");
  assert.equal(refused.error.error.field, "duration");
  const one = { params: { path: { asset_id: upload.id } } };
  const held = await api.DELETE("/v1/assets/{asset_id}", one);
  assert(held.error?.error.code === "conflict");
  assert.deepEqual(held.error.error.collection_ids, [collection.id]);

  const path = { project_id: project.id };
  const deletion = data(await api.DELETE("/v1/projects/{project_id}", { params: { path } }));
  assert.equal((await finished(deletion.job_id)).status, "completed");
  const gone = await api.GET("/v1/collections/{collection_id}", { params });
  assert.equal(gone.error?.error.code, "not_found");
}

let receive: (message: Message) => void;
const message = new Promise<Message>((resolve) => (receive = resolve));
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  response.writeHead(204).end();
  receive({ headers: request.headers, body: Buffer.concat(chunks) });
});
receiver.listen(0, "127.0.0.1", async () => {
  await flow(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, message);
  console.log("The whole flow was done.");
  process.exit(0);
});
