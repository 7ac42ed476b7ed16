// Copyright 2026 the Tidings authors. MIT license.

/**
 * Answers of a language model that go on with or without readers. They can be read,
 * resumed and stopped through any number of servers: start two servers with the same
 * `KV_PATH`.
 *
 * ```sh
 * LLM_KEY=… deno run --unstable-kv -N -R -W -E=LLM_URL,LLM_KEY,KV_PATH examples/llm_runs.ts
 * curl -N localhost:8000/42 -d '{"model":"…","stream":true,"messages":[…]}'
 * curl -N localhost:8000/42          # the same answer, from its start and on
 * curl -X DELETE localhost:8000/42   # stops it
 * ```
 */

import { DenoKvEventLogs } from "@tidings/sse/deno-kv";
import { EventRuns } from "@tidings/sse/runs";

const LLM_URL = Deno.env.get("LLM_URL") ??
  "https://api.openai.com/v1/chat/completions";
const LLM_KEY = Deno.env.get("LLM_KEY");

const kv = await Deno.openKv(Deno.env.get("KV_PATH"));
const runs = new EventRuns({
  logs: new DenoKvEventLogs(kv, ["answers"]),
  onError: (error, id) => console.error(id, error),
});

// Anyone who reaches this server may write. Remove `hostname` when it authenticates.
Deno.serve({ hostname: "127.0.0.1" }, async (request) => {
  const id = new URL(request.url).pathname;
  if (request.method === "DELETE") {
    return new Response(`${await runs.stop(id)}\n`);
  }
  if (request.method === "POST") {
    const body = await request.text();
    await runs.start(id, ({ signal }) => ask(body, signal));
  }
  return await runs.serve(id, request);
});

/** Asks the model. Its answer is passed on unchanged. */
function ask(body: string, signal: AbortSignal): Promise<Response> {
  return fetch(LLM_URL, {
    method: "POST",
    headers: {
      authorization: `Bearer ${LLM_KEY}`,
      "content-type": "application/json",
    },
    body,
    // Aborted when the answer is stopped, through any of the servers.
    signal,
  });
}
