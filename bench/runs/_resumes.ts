// Copyright 2026 the Tidings authors. MIT license.

/**
 * Measures how soon a reader that comes in the middle of a run gets its first byte.
 *
 * @module
 */

import type { RunEvents, RunsContestant } from "./_contestants.ts";
import { median } from "../_statistics.ts";

const RESUMES = 2000;
/** The contestants are measured in rounds, so many in all. */
const ROUNDS = 10;

/** The part of the run before the reader comes. */
interface RunSize {
  data: string;
  chunks: number;
  /** Milliseconds between two chunks. */
  pace: number;
}

/**
 * Measures the time to the first byte in the middle of a run. The contestants are measured
 * in alternation: the machine's load changes, and would favour one of them.
 *
 * @returns The median in milliseconds, of each contestant.
 */
export async function measureResumes(
  contestants: readonly RunsContestant[],
  given: RunSize,
): Promise<number[]> {
  const id = crypto.randomUUID();
  const { promise: end, resolve } = Promise.withResolvers<void>();
  for (const contestant of contestants) {
    await contestant.start(id, begin(given, end));
  }
  await new Promise((resolve) =>
    setTimeout(resolve, given.chunks * given.pace * 2 + 500)
  );
  const times = contestants.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, contestant] of contestants.entries()) {
      for (let resume = 0; resume < RESUMES / ROUNDS; resume++) {
        times[index]!.push(await measureResume(contestant, id));
      }
    }
  }
  resolve();
  // The contestants write the end of the run.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return times.map(median);
}

async function measureResume(
  contestant: RunsContestant,
  id: string,
): Promise<number> {
  const start = performance.now();
  const reader = (await contestant.read(id)).getReader();
  await reader.read();
  const time = performance.now() - start;
  await reader.cancel();
  return time;
}

async function* begin(
  { data, chunks, pace }: RunSize,
  end: Promise<void>,
): RunEvents {
  for (let chunk = 0; chunk < chunks; chunk++) {
    if (pace > 0) await new Promise((resolve) => setTimeout(resolve, pace));
    yield { data };
  }
  await end;
}
