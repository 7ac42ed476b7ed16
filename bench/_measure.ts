// Copyright 2026 the Tidings authors. MIT license.

/** Times contestants against each other in interleaved rounds of one process. */

/** One thing to be timed. */
export interface Contestant {
  name: string;
  /** Does the whole job once and throws if its result is wrong. */
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

/** The times of contestants, round by round. */
export class RaceResult {
  /** Milliseconds of one run, for each round, by contestant. */
  readonly #samples: Map<string, readonly number[]>;

  constructor(samples: Map<string, readonly number[]>) {
    this.#samples = samples;
  }

  /** Whether a contestant of that name took part. */
  has(name: string): boolean {
    return this.#samples.has(name);
  }

  /** The median milliseconds of one run. */
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

  /** The contestant that is fastest, of all but ours. */
  fastestPeer(ours: readonly string[]): string {
    return [...this.#samples.keys()]
      .filter((name) => !ours.includes(name))
      .reduce((best, name) => this.time(name) < this.time(best) ? name : best);
  }

  #of(name: string): readonly number[] {
    const samples = this.#samples.get(name);
    if (samples !== undefined) return samples;
    throw new RangeError(
      `Cannot compare ${JSON.stringify(name)}: it is not in the race`,
    );
  }
}

/**
 * Times the contestants in rounds: in each round every contestant runs for one
 * sample, and each round begins with another one, so that whatever disturbs the
 * machine disturbs all of them.
 */
export async function race(
  contestants: readonly Contestant[],
): Promise<RaceResult> {
  const repeats: number[] = [];
  for (const contestant of contestants) repeats.push(await warmUp(contestant));
  const samples: number[][] = contestants.map(() => []);
  const end = performance.now() + RACE_MS;
  for (let round = 0; round < MIN_ROUNDS || performance.now() < end; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (round + turn) % contestants.length;
      samples[index]!.push(await time(contestants[index]!, repeats[index]!));
    }
  }
  return new RaceResult(
    new Map(contestants.map(({ name }, index) => [name, samples[index]!])),
  );
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

/** Milliseconds of one run, as the mean of `repeats` runs in a row. */
async function time(contestant: Contestant, repeats: number): Promise<number> {
  // Nobody pays for the garbage of the one before.
  gc?.({ type: "minor" });
  const begin = performance.now();
  for (let i = 0; i < repeats; i++) await contestant.run();
  return (performance.now() - begin) / repeats;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
