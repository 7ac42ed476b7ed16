// Copyright 2026 the Tidings authors. MIT license.

/**
 * The progress of long jobs. A client that asks for a job gets its progress from the
 * start. After a lost connection, it gets only the events that it missed.
 *
 * ```sh
 * deno run -N examples/job_progress.ts
 * curl -X POST localhost:8000/jobs          # answers with the job's address
 * curl -N localhost:8000/jobs/…
 * ```
 */

import { EventRuns } from "@tidings/sse/runs";

const STEPS = 20;
const STEP_TIME = 100;

// A client that comes late can read the result of a job for a minute.
const jobs = new EventRuns({ keepFor: 60_000 });

// Anyone who reaches this server may write. Remove `hostname` when it authenticates.
Deno.serve({ hostname: "127.0.0.1" }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname !== "/jobs" || request.method !== "POST") {
    return await jobs.serve(pathname, request);
  }
  const location = `/jobs/${crypto.randomUUID()}`;
  await jobs.start(location, work);
  return new Response(`${location}\n`, { status: 201, headers: { location } });
});

async function* work() {
  for (let step = 1; step <= STEPS; step++) {
    await new Promise((resolve) => setTimeout(resolve, STEP_TIME));
    yield { event: "progress", data: `${100 * step / STEPS}` };
  }
  yield { event: "done", data: "42" };
}
