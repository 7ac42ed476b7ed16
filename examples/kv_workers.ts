// Copyright 2026 the Tidings authors. MIT license.

/**
 * One channel for several workers. An event that one worker publishes reaches the
 * clients of all workers, by a log in Deno KV. The log also outlives the process.
 *
 * ```sh
 * deno serve --host=127.0.0.1 --parallel --unstable-kv -R -W -E examples/kv_workers.ts
 * curl -N localhost:8000
 * curl localhost:8000 -d hello
 * ```
 *
 * Anyone who reaches this server may write. Remove `--host` when it authenticates.
 */

import { EventChannel } from "@tidings/sse/channel";
import { DenoKvEventLog } from "@tidings/sse/deno-kv";

const kv = await openKv();
const channel = new EventChannel({ log: new DenoKvEventLog(kv, ["news"]) });
// Shows which worker answered a request.
const worker = crypto.randomUUID();

export default {
  async fetch(request): Promise<Response> {
    const headers = { "x-worker": worker };
    if (request.method !== "POST") return channel.serve(request, { headers });
    const id = await channel.publish({ data: await request.text() });
    return Response.json({ id }, { status: 201, headers });
  },
} satisfies Deno.ServeDefaultExport;

// If several workers create the file at the same time, some of them find it locked.
async function openKv(tries = 10): Promise<Deno.Kv> {
  try {
    return await Deno.openKv(Deno.env.get("KV_PATH"));
  } catch (error) {
    if (tries === 1 || !/locked/.test(`${error}`)) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return await openKv(tries - 1);
  }
}
