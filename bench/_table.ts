// Copyright 2026 the Tidings authors. MIT license.

/** The rows that a measurement gives, and their Markdown. */

import type { RaceResult } from "./_measure.ts";
import type { ResultRow } from "./_results.ts";
import { median } from "./_statistics.ts";

/** One measurement: some rows, under an id that the command line can choose by. */
export interface Job {
  id: string;
  run(): Promise<Row[]>;
}

/** One line of the table. */
export interface Row {
  name: string;
  ours: string;
  peer: string;
  result: string;
  /** What is wanted; empty if nothing is. */
  target: string;
  /** Whether the target is met, `undefined` if there is none. */
  isMet: boolean | undefined;
  /** The figures behind the texts, for rows that compare times. */
  record?: ResultRow;
}

/** The heading of the table. */
export const HEADING = [
  "| Row | Ours | Peer | Result | Target | |",
  "|---|--:|--:|--:|--:|---|",
].join("\n");

/** One line of the table. */
export function formatRow(row: Row): string {
  const verdict = row.isMet === undefined
    ? ""
    : row.isMet
    ? "met"
    : "**falls short**";
  const { name, ours, peer, result, target } = row;
  return `| ${name} | ${ours} | ${peer} | ${result} | ${target} | ${verdict} |`;
}

/** Who is compared in a row. */
export interface Comparison {
  ours: string;
  peer: string;
  /** Events in one run: times are shown for each. */
  unit: number;
  /** The least ratio that is wanted, if any. */
  target: number | undefined;
}

/**
 * A row that compares times: how many times as fast as the peer we are. Where the
 * peer's result is wrong, the row says so. Throws where ours is.
 */
export function ratioRow(
  name: string,
  result: RaceResult,
  { ours, peer, unit, target }: Comparison,
): Row {
  const time = (name: string) => result.time(name) / unit;
  const fault = result.fault(peer);
  if (fault !== undefined) {
    const row = skippedRow(name, peer, `wrong: ${fault}`);
    return { ...row, ours: formatTime(time(ours)) };
  }
  // What is shown is what is judged.
  const ratio = result.ratio(ours, peer).toFixed(2);
  // A name is a path, after which some have that of ours.
  const [path = ""] = name.split(" ");
  const [table = "", workload = "", chunking] = path.split("/");
  return {
    name,
    ours: formatTime(time(ours)),
    peer: `${peer} ${formatTime(time(peer))}`,
    result: `${ratio} ×`,
    target: target === undefined ? "" : `≥ ${target.toFixed(1)} ×`,
    isMet: target === undefined ? undefined : Number(ratio) >= target,
    record: {
      table,
      workload,
      chunking,
      ours: { name: ours, nanoseconds: nanosecondsOf(time(ours)) },
      peer: { name: peer, nanoseconds: nanosecondsOf(time(peer)) },
      ratio: Number(ratio),
      target,
    },
  };
}

/**
 * A row that compares samples of which the lower ones are better.
 *
 * @param most The most that ours may be, as a multiple of the peer's, if there is a limit.
 */
export function compareRow(
  name: string,
  unit: string,
  ours: readonly number[],
  theirs: readonly number[],
  peer: string,
  most?: number,
): Row {
  // The samples of one round had the same disturbances.
  const result = median(ours.map((sample, round) => sample / theirs[round]!));
  return {
    name,
    ours: `${median(ours).toFixed(1)} ${unit}`,
    peer: `${peer} ${median(theirs).toFixed(1)} ${unit}`,
    result: `${result.toFixed(2)} ×`,
    target: most === undefined ? "" : `≤ ${most} ×`,
    isMet: most === undefined ? undefined : result <= most,
  };
}

/** A row for what cannot be measured here, which says why. */
export function skippedRow(name: string, peer: string, reason: string): Row {
  return { name, ours: "", peer, result: reason, target: "", isMet: undefined };
}

/** Milliseconds as nanoseconds, to a tenth. */
function nanosecondsOf(milliseconds: number): number {
  return Math.round(milliseconds * 1e7) / 10;
}

function formatTime(milliseconds: number): string {
  const nanoseconds = milliseconds * 1e6;
  if (nanoseconds < 1e4) return `${nanoseconds.toFixed(0)} ns`;
  if (nanoseconds < 1e7) return `${(nanoseconds / 1e3).toFixed(0)} µs`;
  return `${milliseconds.toFixed(1)} ms`;
}
