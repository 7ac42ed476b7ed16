// Copyright 2026 the Tidings authors. MIT license.

/**
 * Judges the figures of the benches by `targets.json`, which has what each row is to
 * reach. With `--check`, a bench fails on a regression.
 *
 * @module
 */

import file from "./targets.json" with { type: "json" };

/** What a row is to reach. One of the bounds is there. */
export interface Target {
  atLeast?: number;
  atMost?: number;
  /** The recorded figure of a row that does not reach its target. */
  reached?: number;
}

/** What is judged of a row. */
export interface Figure {
  /** The row's name. */
  name: string;
  /** The peer's name, without its figure. */
  peerName: string;
  /** What the target bounds; `undefined` if nothing was measured. */
  figure: number | undefined;
}

/** Targets by the names of rows and then of peers, of which "any" stands for all. */
export type Targets = Readonly<
  Record<string, Readonly<Record<string, Target>>>
>;

/**
 * How a figure stands to its target. One that is "short" does not reach the target, and is
 * as good as the one that was recorded; one that is "worse" is not.
 */
export type Verdict = "met" | "short" | "worse";

/** A regression fails the command that has this argument. */
export const CHECK = "--check";

const TARGETS: Targets = file.rows;

/** Gives the target of a row, `undefined` if it has none. */
export function findTarget(
  { name, peerName }: Omit<Figure, "figure">,
  targets: Targets = TARGETS,
): Target | undefined {
  const peers = targets[name];
  return peers?.[peerName] ?? peers?.["any"];
}

/**
 * Tells how a figure stands to its target.
 *
 * @param tolerance The share by which a figure may miss its bound before it counts as
 * worse: rows vary from run to run.
 */
export function judge(
  figure: number,
  target: Target,
  tolerance: number = file.tolerance,
): Verdict {
  const { atLeast, atMost, reached } = target;
  if (atLeast !== undefined) {
    if (figure >= atLeast) return "met";
    return figure >= (reached ?? atLeast) * (1 - tolerance) ? "short" : "worse";
  }
  // One of the bounds is there.
  if (figure <= atMost!) return "met";
  return figure <= (reached ?? atMost!) * (1 + tolerance) ? "short" : "worse";
}

/** Counts verdicts, and tells on stderr what is not met. */
export class Judgements {
  readonly #counts: Record<Verdict, number> = { met: 0, short: 0, worse: 0 };
  readonly #lines: string[] = [];

  /** Judges a row that has a target. */
  add(row: Figure): void {
    const target = findTarget(row);
    if (target === undefined || row.figure === undefined) return;
    const verdict = judge(row.figure, target);
    this.#counts[verdict]++;
    if (verdict !== "met") this.#lines.push(describe(row, target, verdict));
  }

  /**
   * Tells what is not met.
   *
   * @param fails Whether a figure that is worse than the recorded one is an error.
   * @returns Whether the command is to fail.
   */
  report(fails: boolean): boolean {
    const { met, short, worse } = this.#counts;
    if (met + short + worse === 0) return false;
    for (const line of this.#lines) console.error(line);
    console.error(`Targets: ${met} met, ${short} short, ${worse} worse`);
    return fails && worse > 0;
  }
}

function describe(
  { name, peerName, figure }: Figure,
  { atLeast, atMost, reached }: Target,
  verdict: Verdict,
): string {
  const bound = atLeast === undefined ? `≤ ${atMost}` : `≥ ${atLeast}`;
  const recorded = reached === undefined ? "" : `, recorded ${reached}`;
  // It was measured.
  const shown = Math.round(figure! * 100) / 100;
  return `${verdict}: ${name}, ${peerName}: ${shown}, expected ${bound}${recorded}`;
}
