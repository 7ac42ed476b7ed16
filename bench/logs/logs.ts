// Copyright 2026 the Tidings authors. MIT license.

/**
 * What each engine of a log costs: how many events it takes, how long one is under way
 * from `publish()` to a client, and what a delivery to one of many clients costs beside
 * the log in memory. The process that is measured holds the channels, not the clients
 * and not Redis or PostgreSQL.
 *
 * `deno task bench:logs`, or with `sqlite`, `postgres` or such as `sqlite/appends` for those
 * rows alone.
 */

import { EventChannel } from "../../channel.ts";
import type { EventLog } from "../../log.ts";
import { readEvents } from "../../parser.ts";
import { measureFanOut } from "./_crowd.ts";
import { openEngines } from "./_engines.ts";
import { runJobs } from "../_jobs.ts";
import { median } from "../_statistics.ts";
import { CHECK, Judgements } from "../_targets.ts";
import { appendTogether, DATA, measureAppends, TOGETHER } from "./_appends.ts";
import { POSTGRES_JOBS } from "./_postgres_rows.ts";
import { SQLITE_JOBS } from "./_sqlite_rows.ts";

/** Milliseconds for which events are appended. */
const APPEND_MS = 1000;
const LATENCY_EVENTS = 1000;

/** Publishes one event after the other to one client; gives milliseconds, sorted. */
async function measureLatency(log: EventLog): Promise<number[]> {
  await using channel = new EventChannel({ log });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => channel.serve(request),
  );
  const response = await fetch(`http://127.0.0.1:${server.addr.port}/`);
  const times: number[] = [];
  let start = performance.now();
  await channel.publish({ data: DATA });
  for await (const _ of readEvents(response)) {
    times.push(performance.now() - start);
    if (times.length > LATENCY_EVENTS) break;
    start = performance.now();
    channel.publish({ data: DATA });
  }
  await channel.close();
  await server.shutdown();
  // The first is late: the log was not followed yet.
  return times.slice(1).sort((a, b) => a - b);
}

async function compareEngines(): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const engines = await openEngines(resources);
  console.log(`Deno ${Deno.version.deno}, ${Deno.build.target}\n`);
  console.log(
    `| Log | Appends/s, one at a time | ${TOGETHER} a turn | Delivery p50 | p99 | CPU a delivery | × memory |`,
  );
  console.log("|---|--:|--:|--:|--:|--:|--:|");
  const rows: string[] = [];
  for (const { name, log } of engines) {
    const one = await measureAppends(appendTogether(log, 1), APPEND_MS);
    const many = await measureAppends(
      appendTogether(log, TOGETHER),
      APPEND_MS,
    );
    const times = await measureLatency(log);
    const at = (part: number) => times[Math.floor(times.length * part)]!;
    rows.push(
      `| ${name} | ${one.toFixed(0)} | ${many.toFixed(0)} | ${
        at(0.5).toFixed(2)
      } ms | ${at(0.99).toFixed(2)} ms |`,
    );
  }
  const costs = await measureFanOut(engines);
  const judgements = new Judgements();
  for (const [index, row] of rows.entries()) {
    // The first engine is memory, and each round has a cost of its own.
    const ratios = costs[index]!.map((cost, round) => cost / costs[0]![round]!);
    const ratio = median(ratios);
    console.log(
      `${row} ${median(costs[index]!).toFixed(1)} µs | ${ratio.toFixed(2)} |`,
    );
    const name = `logs/${engines[index]!.name}`;
    judgements.add({ name, peerName: "memory", figure: ratio });
  }
  if (judgements.report(Deno.args.includes(CHECK))) Deno.exitCode = 1;
}

const isWhole = Deno.args.every((argument) => argument === CHECK);
if (isWhole) {
  await compareEngines();
  console.log();
}
await runJobs({ ...SQLITE_JOBS, ...POSTGRES_JOBS });
