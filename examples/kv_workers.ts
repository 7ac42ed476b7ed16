// Copyright 2026 the Tidings authors. MIT license.

/**
 * Several workers, one channel: an event that is published in one of them reaches
 * the clients of all, over a log in Deno KV, which also outlives the process.
 *
 * ```sh
 * deno serve --host=127.0.0.1 --parallel --unstable-kv -R -W -E examples/kv_workers.ts
 * curl -N localhost:8000
 * curl localhost:8000 -d hello
 * ```
 *
 * Anybody may write: take `--host` away once requests are authenticated.
 */

import { EventChannel } from "@tidings/sse/channel";
import { DenoKvEventLog } from "@tidings/sse/deno-kv";

const kv = await openKv();
const channel = new EventChannel({ log: new DenoKvEventLog(kv, ["news"]) });
// To show which of the workers did what.
const worker = crypto.randomUUID();

export default {
  async fetch(request): Promise<Response> {
    const headers = { "x-worker": worker };
    if (request.method !== "POST") return channel.serve(request, { headers });
    const id = await channel.publish({ data: await request.text() });
    return Response.json({ id }, { status: 201, headers });
  },
} satisfies Deno.ServeDefaultExport;

// Of workers that make the file at the same time, some find it locked.
async function openKv(tries = 10): Promise<Deno.Kv> {
  try {
    return await Deno.openKv(Deno.env.get("KV_PATH"));
  } catch (error) {
    if (tries === 1 || !/locked/.test(`${error}`)) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return await openKv(tries - 1);
  }
}
