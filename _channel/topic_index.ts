// Copyright 2026 the Tidings authors. MIT license.

/**
 * Which of the frames of a segment a client gets, at the cost of those that it gets.
 *
 * @module
 */

/** What a client gets besides the events without topics; `"all"` is everything. */
export type Topics = readonly string[] | "all";

/** The positions of frames by their topics. The oldest frames leave first. */
export class TopicIndex {
  /** Most topics have one frame: its position needs no list. */
  readonly #byTopic = new Map<string, number | Positions>();
  /** Those without topics, which everybody gets. */
  readonly #common = new Positions();

  /** Adds the frame at a position after all others. */
  add(position: number, topics: readonly string[] | undefined): void {
    if (topics === undefined) this.#common.push(position);
    for (const topic of topics ?? []) {
      const known = this.#byTopic.get(topic);
      if (known === undefined) {
        this.#byTopic.set(topic, position);
      } else if (typeof known !== "number") {
        known.push(position);
      } else if (known !== position) {
        const positions = new Positions();
        positions.push(known);
        positions.push(position);
        this.#byTopic.set(topic, positions);
      }
    }
  }

  /** Removes the frame at the first position. */
  dropFirst(position: number, topics: readonly string[] | undefined): void {
    if (topics === undefined) this.#common.shift(position);
    for (const topic of topics ?? []) {
      const known = this.#byTopic.get(topic);
      // A topic that an event has twice has gone with its first mention.
      if (known === undefined) continue;
      if (typeof known !== "number") known.shift(position);
      const isEmpty = typeof known === "number"
        ? known === position
        : known.isEmpty;
      if (isEmpty) this.#byTopic.delete(topic);
    }
  }

  /** The positions of what a client gets from one position up to another, in order. */
  select(topics: readonly string[], from: number, to: number): number[] {
    const found = this.#common.slice(from, to);
    const { length } = found;
    for (const topic of topics) {
      const known = this.#byTopic.get(topic);
      if (known === undefined) continue;
      const positions = typeof known === "number"
        ? [known]
        : known.slice(from, to);
      for (const position of positions) {
        if (position >= from && position < to) found.push(position);
      }
    }
    if (found.length === length) return found;
    // An event may share several topics with the client.
    return [...new Set(found)].sort((a, b) => a - b);
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
