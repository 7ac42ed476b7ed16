// Copyright 2026 the Tidings authors. MIT license.

/** Times contestants against each other in interleaved rounds of one process. */

import process from "node:process";
import { median } from "./_statistics.ts";

/** One thing to be timed. */
export interface Contestant {
  name: string;
  /** Does the whole job once, before anything is timed: throws if its result is wrong. */
  check?(): void | Promise<void>;
  /**
   * Does the whole job once and throws if its result is plainly wrong. One that returns a
   * promise is declared as an async function: `deno bench` awaits no other.
   */
  run(): void | Promise<void>;
}

/** Rounds go on for so long, and there are at least so many. */
const RACE_MS = 1500;
const MIN_ROUNDS = 15;
/** How long each contestant warms up, and how long one sample takes at least. */
const WARM_UP_MS = 100;
const SAMPLE_MS = 4;

/** There with `--v8-flags=--expose-gc`. */
const { gc } = globalThis as { gc?: (options: { type: "minor" }) => void };

/** A contestant in a race. */
interface Racer {
  contestant: Contestant;
  /** How many runs make a sample. */
  repeats: number;
  /** Milliseconds of processor time of one run, for each round. */
  samples: number[];
  /** What it threw, if it did: it takes no further part. */
  fault: string | undefined;
}

/** The times of contestants, round by round, and the faults of those without. */
export class RaceResult {
  readonly #racers: ReadonlyMap<string, Racer>;

  constructor(racers: readonly Racer[]) {
    this.#racers = new Map(
      racers.map((racer) => [racer.contestant.name, racer]),
    );
  }

  /** Whether a contestant of that name took part, if only to fail. */
  has(name: string): boolean {
    return this.#racers.has(name);
  }

  /** What is wrong with a contestant's result, `undefined` if nothing is. */
  fault(name: string): string | undefined {
    return this.#racers.get(name)?.fault;
  }

  /** The median milliseconds of processor time of one run. */
  time(name: string): number {
    return median(this.#of(name));
  }

  /**
   * How many times as fast as the peer we are: the median of each round's own
   * ratio, since the two samples of one round had the same disturbances.
   */
  ratio(ours: string, peer: string): number {
    const peerSamples = this.#of(peer);
    return median(
      this.#of(ours).map((sample, round) => peerSamples[round]! / sample),
    );
  }

  /**
   * The contestants to set ours against: the fastest of those with a right result,
   * and each of those with a wrong one.
   */
  opponents(ours: readonly string[]): string[] {
    const peers = [...this.#racers.keys()].filter((name) =>
      !ours.includes(name)
    );
    const [right, wrong] = [true, false].map((isRight) =>
      peers.filter((name) => (this.fault(name) === undefined) === isRight)
    );
    const [fastest] = right!.toSorted((a, b) => this.time(a) - this.time(b));
    return fastest === undefined ? wrong! : [fastest, ...wrong!];
  }

  #of(name: string): readonly number[] {
    const racer = this.#racers.get(name);
    if (racer === undefined) {
      throw new RangeError(
        `Cannot compare ${JSON.stringify(name)}: it is not in the race`,
      );
    }
    if (racer.fault !== undefined) {
      throw new Error(`Cannot time ${name}: ${racer.fault}`);
    }
    return racer.samples;
  }
}

/**
 * Times the contestants in rounds: in each round every contestant runs for one
 * sample, and each round begins with another one, so that whatever disturbs the
 * machine disturbs all of them. What counts is the processor time of all threads, which
 * other processes hardly change. A contestant that fails is left out of the rounds that
 * follow.
 */
export async function race(
  contestants: readonly Contestant[],
): Promise<RaceResult> {
  const racers: Racer[] = [];
  for (const contestant of contestants) {
    const racer: Racer = {
      contestant,
      repeats: 1,
      samples: [],
      fault: undefined,
    };
    racers.push(racer);
    await attempt(racer, async () => {
      await contestant.check?.();
      racer.repeats = await warmUp(contestant);
    });
  }
  const end = performance.now() + RACE_MS;
  for (let round = 0; round < MIN_ROUNDS || performance.now() < end; round++) {
    if (racers.every(({ fault }) => fault !== undefined)) break;
    for (let turn = 0; turn < racers.length; turn++) {
      const racer = racers[(round + turn) % racers.length]!;
      await attempt(racer, async () => {
        racer.samples.push(await time(racer.contestant, racer.repeats));
      });
    }
  }
  return new RaceResult(racers);
}

/** Does the next step of a contestant that has no fault yet. */
async function attempt(
  racer: Racer,
  step: () => Promise<void>,
): Promise<void> {
  if (racer.fault !== undefined) return;
  try {
    await step();
  } catch (error) {
    racer.fault = error instanceof Error ? error.message : String(error);
  }
}

/** Runs a contestant until it is compiled; returns how many runs make a sample. */
async function warmUp(contestant: Contestant): Promise<number> {
  const end = performance.now() + WARM_UP_MS;
  let last = 0;
  for (let runs = 0; runs < 3 || performance.now() < end; runs++) {
    last = await time(contestant, 1);
  }
  return Math.max(1, Math.ceil(SAMPLE_MS / last));
}

/** Milliseconds of processor time of one run, as the mean of `repeats` runs in a row. */
async function time(
  contestant: Contestant,
  repeats: number,
): Promise<number> {
  // Nobody pays for the garbage of the one before.
  gc?.({ type: "minor" });
  const before = process.cpuUsage();
  for (let i = 0; i < repeats; i++) await contestant.run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / repeats;
}
