// Copyright 2026 the Tidings authors. MIT license.

/** The rows that a measurement gives, and their Markdown. */

import type { RaceResult } from "./_measure.ts";
import type { ResultRow } from "./_results.ts";
import { median } from "./_statistics.ts";
import { CHECK, type Figure, Judgements } from "./_targets.ts";

/** One measurement: some rows, under an id that the command line can choose by. */
export interface Job {
  id: string;
  run(): Promise<Row[]>;
}

/** One line of the table, and the figure of it that `targets.json` may bound. */
export interface Row extends Figure {
  ours: string;
  /** The peer's name and its figure. */
  peer: string;
  result: string;
  /** The figures behind the texts, for rows that compare times. */
  record?: ResultRow;
}

/** The heading of the table. */
export const HEADING = [
  "| Row | Ours | Peer | Result |",
  "|---|--:|--:|--:|",
].join("\n");

/** One line of the table. */
export function formatRow({ name, ours, peer, result }: Row): string {
  return `| ${name} | ${ours} | ${peer} | ${result} |`;
}

/** Prints rows as they come, and judges them. */
export class Table {
  readonly #judgements = new Judgements();

  /** Prints the heading. */
  begin(): void {
    console.log(HEADING);
  }

  /** Prints a row. */
  add(row: Row): void {
    console.log(formatRow(row));
    this.#judgements.add(row);
  }

  /**
   * Tells on stderr which targets are not met.
   *
   * @param args Of the command line.
   * @returns Whether the command is to fail.
   */
  end(args: readonly string[]): boolean {
    return this.#judgements.report(args.includes(CHECK));
  }
}

/** Who is compared in a row. */
export interface Comparison {
  ours: string;
  peer: string;
  /** Events in one run: times are shown for each. */
  unit: number;
}

/**
 * A row that compares times: how many times as fast as the peer we are. Where the
 * peer's result is wrong, the row says so. Throws where ours is.
 */
export function ratioRow(
  name: string,
  result: RaceResult,
  { ours, peer, unit }: Comparison,
): Row {
  const time = (name: string) => result.time(name) / unit;
  const fault = result.fault(peer);
  if (fault !== undefined) {
    const row = skippedRow(name, peer, `wrong: ${fault}`);
    return { ...row, ours: formatTime(time(ours)) };
  }
  // What is shown is what is judged.
  const ratio = Number(result.ratio(ours, peer).toFixed(2));
  // A name is a path, after which some have that of ours.
  const [path = ""] = name.split(" ");
  const [table = "", workload = "", chunking] = path.split("/");
  return {
    name,
    ours: formatTime(time(ours)),
    peer: `${peer} ${formatTime(time(peer))}`,
    peerName: peer,
    result: `${ratio.toFixed(2)} ×`,
    figure: ratio,
    record: {
      table,
      workload,
      chunking,
      ours: { name: ours, nanoseconds: nanosecondsOf(time(ours)) },
      peer: { name: peer, nanoseconds: nanosecondsOf(time(peer)) },
      ratio,
    },
  };
}

/** A row that compares samples of which the lower ones are better. */
export function compareRow(
  name: string,
  unit: string,
  ours: readonly number[],
  theirs: readonly number[],
  peer: string,
): Row {
  // The samples of one round had the same disturbances.
  const result = median(ours.map((sample, round) => sample / theirs[round]!));
  return {
    name,
    ours: `${median(ours).toFixed(1)} ${unit}`,
    peer: `${peer} ${median(theirs).toFixed(1)} ${unit}`,
    peerName: peer,
    result: `${result.toFixed(2)} ×`,
    figure: result,
  };
}

/** A row for what cannot be measured here, which says why. */
export function skippedRow(name: string, peer: string, reason: string): Row {
  return {
    name,
    ours: "",
    peer,
    peerName: peer,
    result: reason,
    figure: undefined,
  };
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
