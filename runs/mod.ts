// Copyright 2026 the Tidings authors. MIT license.

/**
 * Streams that outlive their requests: produced once, read by any number of clients,
 * stopped from any process.
 *
 * A run is what a source gives, from its beginning to its end: the answer of a language
 * model, the progress of an export, the output of a build. One process produces it,
 * whether it has readers or not, and keeps it in a log of its own. So a reader may
 * reload the page or change networks or devices, and gets the run from its beginning or
 * from where the reader was, from any process that shares the logs.
 *
 * ```ts ignore -- it needs a Redis server and a model, and serves until it is stopped
 * import { RedisEventLogs } from "@tidings/sse/redis-streams";
 * import { EventRuns } from "@tidings/sse/runs";
 *
 * const runs = new EventRuns({ logs: new RedisEventLogs(adapt(redis), "answers:") });
 *
 * // Any client can start and stop runs: keep the hostname until requests are authenticated.
 * Deno.serve({ hostname: "127.0.0.1" }, async (request) => {
 *   const id = new URL(request.url).pathname.slice(1);
 *   if (request.method === "DELETE") {
 *     await runs.stop(id);
 *     return new Response(null, { status: 204 });
 *   }
 *   if (request.method === "POST") {
 *     const prompt = await request.text();
 *     await runs.start(id, ({ signal }) => askModel(prompt, signal));
 *   }
 *   return runs.serve(id, request);
 * });
 * ```
 *
 * What you can rely on:
 *
 * - Of any number of calls to start a run, in any number of processes, only one calls
 *   its source.
 * - A reader gets each event once and in order, over any number of connections. It is
 *   told the end by an event, by the end of the response, and by 204 if it reconnects
 *   after that.
 * - The end is written once: by the process that produces the run, or, if that process
 *   is gone, by the first other process that looks the run up.
 * - `keepFor` milliseconds after its end, a run is deleted.
 *
 * @example A run, and a reader that comes late
 * ```ts
 * import { readEvents } from "@tidings/sse/parser";
 * import { EventRuns } from "@tidings/sse/runs";
 * import { assertEquals } from "@std/assert";
 *
 * await using runs = new EventRuns();
 * await runs.start("greeting", () => [{ data: "Hello" }, { data: "World" }]);
 * await runs.ended("greeting");
 *
 * const request = new Request("http://localhost/greeting");
 * const response = await runs.serve("greeting", request);
 * const received: string[] = [];
 * for await (const { event, data } of readEvents(response)) {
 *   received.push(`${event}: ${data}`);
 * }
 * assertEquals(received, ["message: Hello", "message: World", "end: done"]);
 * ```
 *
 * @module
 */

export type { StreamCounters } from "../_server/stream_counters.ts";
export { EventRuns } from "./_event_runs.ts";
export type { EventRunEnd, EventRunStatus } from "./_status_entries.ts";
export type {
  EventRunsOptions,
  EventRunsServeOptions,
  EventRunsStartOptions,
} from "./_options.ts";
export type { EventRun, EventRunSource, EventStreamChunks } from "./_source.ts";
