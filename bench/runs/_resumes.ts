// Copyright 2026 the Tidings authors. MIT license.

/** How soon one who comes in the middle of a run is sent something. */

import type { RunEvents, RunsContestant } from "./_contestants.ts";
import { median } from "../_statistics.ts";

const RESUMES = 2000;
/** How often the contestants take turns. */
const TURNS = 10;

/** What there is of the run. */
interface Given {
  data: string;
  chunks: number;
  /** Milliseconds between two chunks. */
  pace: number;
}

/**
 * Milliseconds to the first byte of what has come so far, in the middle of a run: of each
 * contestant. They take turns, lest one has a quieter machine or a colder one.
 */
export async function measureResumes(
  contestants: readonly RunsContestant[],
  given: Given,
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
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [index, contestant] of contestants.entries()) {
      for (let resume = 0; resume < RESUMES / TURNS; resume++) {
        times[index]!.push(await measureResume(contestant, id));
      }
    }
  }
  resolve();
  // For what they have to tell of the end.
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
  { data, chunks, pace }: Given,
  end: Promise<void>,
): RunEvents {
  for (let chunk = 0; chunk < chunks; chunk++) {
    if (pace > 0) await new Promise((resolve) => setTimeout(resolve, pace));
    yield { data };
  }
  await end;
}
