// Copyright 2026 the Tidings authors. MIT license.

/**
 * The races of the clients, in whatever runtime this is run: Deno, or Node where it
 * is run as a bundle, with the address of `_server.ts` as its argument.
 */

import process from "node:process";
import {
  clientEvents,
  eventSourceContestants,
  iteratorContestants,
} from "./_contestants.ts";
import type { ClientChunking } from "./_workload.ts";
import { race, type RaceResult } from "../_measure.ts";
import { ratioRow, Table } from "../_table.ts";

const [base = "", ...args] = process.argv.slice(2);
const table = new Table();
const isDeno = "deno" in process.versions;

for (const chunking of ["64KiB", "16KiB", "event"] as const) {
  const iterators = await race(iteratorContestants(base, chunking));
  print(chunking, iterators, "connect", "fetch body");
  print(chunking, iterators, "connect", "eventsource-client");
  if (!isDeno) continue;
  print(chunking, iterators, "connect", "fetch body, one buffer");
  const classes = await race(eventSourceContestants(base, chunking));
  print(chunking, classes, "EventSource", "eventsource");
  print(chunking, classes, "EventSource", "Deno's EventSource");
}
process.exit(table.end(args) ? 1 : 0);

function print(
  chunking: ClientChunking,
  result: RaceResult,
  ours: string,
  peer: string,
): void {
  const name = `client/${isDeno ? "deno" : "node"}/${chunking} ${ours}`;
  const unit = clientEvents(chunking);
  table.add(ratioRow(name, result, { ours, peer, unit }));
}
