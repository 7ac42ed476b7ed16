// Copyright 2026 the Tidings authors. MIT license.

/**
 * Which of the frames of a ring a client gets, at the cost of those that it gets.
 *
 * @module
 */

/** What a client gets besides the events without topics; `"all"` is everything. */
export type Topics = readonly string[] | "all";

/** The positions of frames by their topics. The oldest frames leave first. */
export class PositionIndex {
  readonly #byTopic = new Map<string, Positions>();
  /** Those without topics, which everybody gets. */
  readonly #common = new Positions();

  /** Adds the frame at a position after all others. */
  add(position: number, topics: readonly string[] | undefined): void {
    if (topics === undefined) this.#common.push(position);
    for (const topic of topics ?? []) {
      let positions = this.#byTopic.get(topic);
      if (positions === undefined) {
        positions = new Positions();
        this.#byTopic.set(topic, positions);
      }
      positions.push(position);
    }
  }

  /** Removes the frame at the first position. */
  dropFirst(position: number, topics: readonly string[] | undefined): void {
    if (topics === undefined) this.#common.shift(position);
    for (const topic of topics ?? []) {
      // A topic that an event has twice has gone with its first mention.
      const positions = this.#byTopic.get(topic);
      positions?.shift(position);
      if (positions?.isEmpty) this.#byTopic.delete(topic);
    }
  }

  /** The positions of what a client gets from one position up to another, in order. */
  select(topics: readonly string[], from: number, to: number): number[] {
    const found = [this.#common.slice(from, to)];
    for (const topic of topics) {
      const positions = this.#byTopic.get(topic)?.slice(from, to);
      if (positions !== undefined) found.push(positions);
    }
    const [one = [], ...others] = found.filter(({ length }) => length > 0);
    if (others.length === 0) return one;
    // An event may share several topics with the client.
    return [...new Set([one, ...others].flat())].sort((a, b) => a - b);
  }
}

/** Growing numbers, of which the first ones leave. */
class Positions {
  #numbers: number[] = [];
  /** How many at the front have left; they are cut off once they are the most. */
  #left = 0;

  get isEmpty(): boolean {
    return this.#left === this.#numbers.length;
  }

  /** Adds a number, unless it is the latest. */
  push(position: number): void {
    if (this.#numbers.at(-1) !== position) this.#numbers.push(position);
  }

  /** Removes a number, if it is the first. */
  shift(position: number): void {
    if (this.#numbers[this.#left] !== position) return;
    this.#left++;
    if (this.#left * 2 <= this.#numbers.length) return;
    this.#numbers = this.#numbers.slice(this.#left);
    this.#left = 0;
  }

  /** Those of at least `from` and less than `to`. */
  slice(from: number, to: number): number[] {
    return this.#numbers.slice(this.#find(from), this.#find(to));
  }

  /** The index of the first number of at least a bound. */
  #find(bound: number): number {
    let low = this.#left;
    let high = this.#numbers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // It lies between the two.
      if (this.#numbers[middle]! < bound) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
