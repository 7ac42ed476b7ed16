// Copyright 2026 the Tidings authors. MIT license.

/**
 * The progress of long jobs. Whoever asks for a job gets its progress from the
 * start, and after a dropped connection only what it has missed.
 *
 * ```sh
 * deno run -N examples/job_progress.ts
 * curl -X POST localhost:8000/jobs          # answers with the job's address
 * curl -N localhost:8000/jobs/…
 * ```
 */

import { EventChannel } from "@tidings/sse/channel";

const STEPS = 20;
const STEP_TIME = 100;
// Milliseconds that the result of a job is kept for those who come late.
const KEPT_FOR = 60_000;

const jobs = new Map<string, EventChannel>();

Deno.serve((request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/jobs" && request.method === "POST") {
    const id = crypto.randomUUID();
    run(id);
    return new Response(`/jobs/${id}\n`, {
      status: 201,
      headers: { location: `/jobs/${id}` },
    });
  }
  const channel = jobs.get(pathname.replace("/jobs/", ""));
  // A client stops to ask again at 404 as it does at 204.
  return channel?.serve(request, { replay: "all" }) ??
    new Response("There is no such job\n", { status: 404 });
});

async function run(id: string): Promise<void> {
  const channel = new EventChannel();
  jobs.set(id, channel);
  for (let step = 1; step <= STEPS; step++) {
    await new Promise((resolve) => setTimeout(resolve, STEP_TIME));
    const percent = `${100 * step / STEPS}`;
    await channel.publish({ event: "progress", data: percent });
  }
  // The client closes its side when it has this; the server cannot.
  await channel.publish({ event: "done", data: "42" });
  setTimeout(() => {
    jobs.delete(id);
    channel.close({ status: 204 });
  }, KEPT_FOR);
}
