// Copyright 2026 the Tidings authors. MIT license.

/** Two that append, in turns. */

import { median } from "../_statistics.ts";
import type { Row } from "../_table.ts";
import { type AppendSome, measureAppends } from "./_appends.ts";

/** How many rounds there are, and the milliseconds of each side in one. */
interface ContestLength {
  rounds: number;
  roundMs: number;
}

/** Compares how many events each of them appends in a second. */
export async function compareAppends(
  name: string,
  append: AppendSome,
  [peerName, appendToPeer]: readonly [string, AppendSome],
  { rounds, roundMs }: ContestLength,
): Promise<Row> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const our = await measureAppends(append, roundMs);
    const their = await measureAppends(appendToPeer, roundMs);
    if (round < 0) continue;
    ours.push(our);
    theirs.push(their);
  }
  // What is measured in one round had the same disturbances.
  const ratio = median(ours.map((our, round) => our / theirs[round]!));
  return {
    name,
    ours: median(ours).toFixed(0),
    peerName,
    peer: `${peerName} ${median(theirs).toFixed(0)}`,
    result: `${ratio.toFixed(2)} ×`,
    figure: ratio,
  };
}
