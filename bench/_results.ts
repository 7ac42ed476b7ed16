// Copyright 2026 the Tidings authors. MIT license.

/** A run of the benches as `results.json` keeps it, of which the chart is made. */

import { cpus } from "node:os";

/** One run. */
export interface Results {
  /** The day on which it ended, in UTC. */
  date: string;
  deno: string;
  cpu: string;
  /** The peers' npm packages with their versions. */
  peers: readonly string[];
  rows: readonly ResultRow[];
}

/** One comparison of times. */
export interface ResultRow {
  /** The first part of the row's name, such as `decode`. */
  table: string;
  workload: string;
  /** How the workload was cut, or else handed over, if the table knows more ways. */
  chunking?: string | undefined;
  ours: Timing;
  peer: Timing;
  /** The median of the rounds' ratios: how many times as fast as the peer ours is. */
  ratio: number;
}

/** What one event took. */
export interface Timing {
  name: string;
  nanoseconds: number;
}

/** The file of the last recorded run. */
export const RESULTS_FILE: URL = new URL("results.json", import.meta.url);

/** Writes a run of this process in the place of the last one. */
export async function writeResults(
  peers: readonly string[],
  rows: readonly ResultRow[],
): Promise<void> {
  const results: Results = {
    date: new Date().toISOString().slice(0, "YYYY-MM-DD".length),
    deno: Deno.version.deno,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    peers,
    rows,
  };
  const json = JSON.stringify(results, null, 2);
  await Deno.writeTextFile(RESULTS_FILE, json + "\n");
}
