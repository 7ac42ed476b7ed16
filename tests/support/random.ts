// Copyright 2026 the Tidings authors. MIT license.

/**
 * A small seeded generator for the property tests, so that a stream that went
 * wrong can be made again from one number.
 */

/** Numbers that look random and depend on nothing but the seed (xorshift32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds are spread apart; zero is the one state that never moves.
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1;
    for (let i = 0; i < 4; i++) this.#next();
  }

  /** An integer from 0 up to, but not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.#next() / 2 ** 32 * limit);
  }

  /** Whether something happens that happens once in `times`. */
  onceIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** As many of the items as `length` says, joined. */
  text(items: readonly string[], length: number): string {
    let text = "";
    for (let i = 0; i < length; i++) text += this.pick(items);
    return text;
  }

  /** Cuts bytes or text into pieces of at most `longest`. */
  cut<T extends Uint8Array | string>(input: T, longest: number): T[] {
    const pieces: T[] = [];
    for (let start = 0; start < input.length;) {
      const end = start + 1 + this.below(longest);
      pieces.push(input.slice(start, end) as T);
      start = end;
    }
    return pieces;
  }

  #next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }
}

/**
 * Runs a property with many seeds. The first is drawn anew at each run of the
 * tests, or comes from the environment variable `SEED`; a failure prints the seed
 * that makes it happen again in the first run.
 */
export function checkProperty(
  runs: number,
  property: (random: Random) => void,
): void {
  const first = Number(
    Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31),
  );
  for (let seed = first; seed < first + runs; seed++) {
    try {
      property(new Random(seed));
    } catch (error) {
      throw new Error(`Failed, run again with SEED=${seed}: ${error}`, {
        cause: error,
      });
    }
  }
}

/** Runs a property that takes time with many seeds, as {@linkcode checkProperty}. */
export async function checkAsyncProperty(
  runs: number,
  property: (random: Random) => Promise<void>,
): Promise<void> {
  const first = Number(
    Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31),
  );
  for (let seed = first; seed < first + runs; seed++) {
    try {
      await property(new Random(seed));
    } catch (error) {
      throw new Error(`Failed, run again with SEED=${seed}: ${error}`, {
        cause: error,
      });
    }
  }
}
