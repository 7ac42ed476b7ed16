// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds the frames of a segment that have a subscriber's topics, without a look at the
 * others. Each segment has one.
 *
 * @module
 */

/**
 * The topics of a subscriber, which also gets the events without topics; `"all"` is every
 * event.
 */
export type Topics = Iterable<string> | "all";

/** The positions of frames by their topics. The oldest frames leave first. */
export class TopicIndex {
  /** Most topics have one frame, whose position needs no list. */
  readonly #byTopic = new Map<string, number | Positions>();
  /** The positions of frames without topics, which every subscriber gets. */
  readonly #common = new Positions();

  /** The topics that frames have. */
  get topics(): Iterable<string> {
    return this.#byTopic.keys();
  }

  /** Adds a frame after all others. */
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

  /** Removes the first frame. */
  dropFirst(position: number, topics: readonly string[] | undefined): void {
    if (topics === undefined) this.#common.shift(position);
    for (const topic of topics ?? []) {
      const known = this.#byTopic.get(topic);
      // If an event has a topic twice, the first mention has removed it.
      if (known === undefined) continue;
      if (typeof known !== "number") known.shift(position);
      const isEmpty = typeof known === "number"
        ? known === position
        : known.isEmpty;
      if (isEmpty) this.#byTopic.delete(topic);
    }
  }

  /**
   * The positions of the frames that a subscriber gets between two positions, in order.
   */
  select(topics: Iterable<string>, from: number, to: number): number[] {
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
    // An event may share several topics with the subscriber.
    return [...new Set(found)].sort((a, b) => a - b);
  }
}

/** Growing numbers that leave in the same order. */
class Positions {
  #numbers: number[] = [];
  /**
   * How many numbers at the front have left. They are cut off once they are more than
   * half.
   */
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

  /** The numbers of at least `from` and less than `to`. */
  slice(from: number, to: number): number[] {
    return this.#numbers.slice(this.#find(from), this.#find(to));
  }

  /** The index of the first number of at least a bound. */
  #find(bound: number): number {
    let low = this.#left;
    let high = this.#numbers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // The index lies between `low` and `high`.
      if (this.#numbers[middle]! < bound) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
