// Copyright 2026 the Tidings authors. MIT license.

/**
 * Counts the events that a newcomer with a `replay` gets, among those before the end of
 * the log. `ReplaySearch` feeds it.
 *
 * @module
 */

import type { Group } from "./group.ts";
import { TopicIndex, type Topics } from "./topic_index.ts";
import type { EventLogBatch, LoggedEvent } from "../log.ts";

/** Consecutive events, such as a segment, which have positions and cursors. */
export interface Stretch {
  /** The position before the first event. */
  readonly begin: number;
  /** The position after the last event. */
  readonly end: number;
  /** The positions before the events with some topics, in order. */
  select(topics: Topics, from: number, to: number): Iterable<number>;
  /** The event after a position. */
  eventAt(position: number): LoggedEvent;
  /** The cursor of a position; `""` if it is unknown. */
  cursorOf(position: number): string | undefined;
}

/** What was read of the log. Its events are not encoded: most of them are only counted. */
export class LogPage implements Stretch {
  readonly begin = 0;
  readonly #before: string;
  readonly #batch: EventLogBatch;
  readonly #index = new TopicIndex();

  /**
   * @param before The cursor after which it was read.
   * @param batch What was read.
   */
  constructor(before: string, batch: EventLogBatch) {
    this.#before = before;
    this.#batch = batch;
    for (const [position, { topics }] of batch.events.entries()) {
      this.#index.add(position, topics);
    }
  }

  get end(): number {
    return this.#batch.events.length;
  }

  select(topics: Topics, from: number, to: number): Iterable<number> {
    if (topics !== "all") return this.#index.select(topics, from, to);
    return Array.from({ length: to - from }, (_, offset) => from + offset);
  }

  eventAt(position: number): LoggedEvent {
    // Every position before the end has an event.
    return this.#batch.events[position]!;
  }

  cursorOf(position: number): string {
    if (position === this.end) return this.#batch.cursor;
    // If the log does not have this cursor, reading after it gives the same events.
    return position === 0 ? this.#before : this.eventAt(position - 1).id;
  }
}

/** An event that the group gets. */
interface Match {
  /** How many events were looked at before it. */
  readonly index: number;
  /** The cursor before it. */
  readonly cursor: string;
}

/** The latest events that a group gets. */
export class ReplayMatches {
  /** How many of them a newcomer is to get. */
  readonly count: number;
  /** How many events before the end count at most, whether the group gets them or not. */
  readonly limit: number;
  readonly #group: Group;
  /** The latest matches, at least `count` if there are as many. */
  #matches: Match[] = [];

  /**
   * @param group The group.
   * @param count How many of its events are sought.
   * @param limit How many events before the end count at most.
   */
  constructor(group: Group, count: number, limit: number) {
    this.#group = group;
    this.count = count;
    this.limit = limit;
  }

  /** Whether there are as many as are sought. */
  get isComplete(): boolean {
    return this.#matches.length >= this.count;
  }

  /** Forgets what was found. */
  clear(): void {
    this.#matches = [];
  }

  /**
   * Looks at events, each stretch after the one before.
   *
   * @param index How many events were looked at before.
   * @throws What a filter throws.
   */
  collect(stretch: Stretch, from: number, to: number, index: number): void {
    const group = this.#group;
    // The live segment may have dropped its oldest events meanwhile.
    const begin = Math.max(from, stretch.begin);
    for (const position of stretch.select(group.topics, begin, to)) {
      if (!group.accepts(stretch.eventAt(position))) continue;
      // The position is in the stretch.
      const cursor = stretch.cursorOf(position)!;
      this.#matches.push({ index: index + position - from, cursor });
    }
    const excess = this.#matches.length - this.count;
    // Cut off now and then: at each match it would take quadratic time.
    if (excess > this.count) this.#matches.splice(0, excess);
  }

  /**
   * Finds the cursor before the first event that a newcomer gets.
   *
   * @param total How many events were looked at.
   * @returns The cursor, `""` if it is unknown; `undefined` if there is no such event.
   */
  findStart(total: number): string | undefined {
    const oldest = total - this.limit;
    return this.#matches.slice(-this.count)
      .find(({ index }) => index >= oldest)?.cursor;
  }
}
