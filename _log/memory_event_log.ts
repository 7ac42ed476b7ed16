// Copyright 2026 the Tidings authors. MIT license.

/**
 * One log in the memory of this process.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import { tellAppend } from "./tell_append.ts";
import type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
} from "./event_log.ts";
import { MemoryHistory } from "./memory_history.ts";
import {
  checkAppend,
  checkFollowOptions,
  checkReadOptions,
  checkRewind,
} from "./option_checks.ts";
import { type OptionKinds, readOptions } from "../_options.ts";
import { assertLimit, assertNumber } from "../_validate.ts";
import type { TextEventInit } from "../event.ts";

/** Options of {@linkcode MemoryEventLog}. Whatever is reached first counts. */
export interface MemoryEventLogOptions {
  /**
   * The most events to keep, an integer of at least 0 or `Infinity`. Beyond it,
   * the oldest is dropped.
   *
   * @default {10_000}
   */
  maxEvents?: number | undefined;
  /**
   * The most bytes to keep, at least 0 or `Infinity`, counted as two for each UTF-16 code
   * unit of an event's fields, topics and conflation key, 256 for each event and 64 for each
   * of its topics: about what a runtime takes for them. The log keeps copies, so that it
   * keeps nothing else alive. Beyond the limit, the oldest events are dropped; a single
   * event that is larger reaches the followers and is not kept.
   *
   * @default {16_777_216}
   */
  maxBytes?: number | undefined;
  /**
   * Milliseconds for which to keep an event, at least 0 or `Infinity`. Older
   * events are not read any more; their memory is free at the next call to the log.
   *
   * @default {Infinity}
   */
  maxAge?: number | undefined;
}

const OPTIONS: OptionKinds<MemoryEventLogOptions> = {
  maxEvents: "any",
  maxBytes: "any",
  maxAge: "any",
};

/**
 * A log in the memory of this process.
 *
 * IDs have the form `epoch-sequence`: the epoch is drawn at random for each log, so
 * that an ID from before a restart is recognised, and the sequence numbers the
 * events from 1.
 *
 * Events may bring their own IDs, and are then resumed by them. Such an ID must be
 * unique for as long as a client may come back with it: the log refuses one that is in
 * the history, and forgets one that has left it. After a restart, a log in memory knows
 * none of them and reports a gap. If the application gives an old ID to another event
 * then, a client with the old ID resumes after the new event, without a gap.
 *
 * Appending is synchronous: followers have been called back with the event
 * when {@linkcode MemoryEventLog.append} returns its promise.
 *
 * @example A short history
 * ```ts
 * import { MemoryEventLog } from "@tidings/sse/log";
 * import { assertEquals } from "@std/assert";
 *
 * const log = new MemoryEventLog({ maxEvents: 2 });
 * const id = await log.append({ data: "a" });
 * for (const data of ["b", "c", "d"]) await log.append({ data });
 *
 * const { events, gap } = await log.read(id);
 * assertEquals(events.map((event) => event.data), ["c", "d"]);
 * assertEquals(gap, true); // "b" is missing
 * ```
 *
 * @example The application's own IDs
 * ```ts
 * import { MemoryEventLog } from "@tidings/sse/log";
 * import { assertEquals } from "@std/assert";
 *
 * const log = new MemoryEventLog();
 * await log.append({ data: "paid", id: "order-17" });
 * await log.append({ data: "sent", id: "order-18" });
 *
 * const { events } = await log.read("order-17");
 * assertEquals(events[0]?.data, "sent");
 * ```
 */
export class MemoryEventLog implements EventLog {
  readonly #history: MemoryHistory;
  readonly #followers = new Set<Follower>();

  /**
   * Makes an empty log.
   *
   * @throws {TypeError} If an option is unknown or not a number.
   * @throws {RangeError} If an option is outside its range.
   */
  constructor(options: MemoryEventLogOptions = {}) {
    const verb = "make event log";
    const { maxEvents = 10_000, maxBytes = 2 ** 24, maxAge = Infinity } =
      readOptions(verb, options, OPTIONS);
    assertLimit(verb, "maxEvents", maxEvents, 0);
    assertNumber(verb, "maxBytes", maxBytes, 0);
    assertNumber(verb, "maxAge", maxAge, 0);
    this.#history = new MemoryHistory({ maxEvents, maxBytes, maxAge });
  }

  /**
   * Adds an event at the end of the log, as {@linkcode EventLog.append}.
   *
   * @returns The event's ID. It rejects with a `TypeError` if the event's own ID is empty or
   * cannot come back in a header, and with a `RangeError` if it is still in the history, or
   * looks like one that this log gives.
   */
  append(
    event: TextEventInit,
    options: EventLogAppendOptions = {},
  ): Promise<string> {
    let signal: AbortSignal | undefined;
    try {
      const given = checkAppend(event, options);
      signal = given.signal;
      signal?.throwIfAborted();
      const id = this.#history.add(event, given);
      for (const follower of this.#followers) this.#advance(follower);
      this.#history.trim();
      return Promise.resolve(id);
    } catch (error) {
      // Only here: a callback for each event would take memory until it is called.
      return tellAppend((noteSignal) => {
        noteSignal(signal);
        return Promise.reject(error);
      });
    }
  }

  /**
   * Gives the events after a cursor, as {@linkcode EventLog.read}.
   *
   * @returns The events. It rejects with a `TypeError` if an option is not a number,
   * and with a `RangeError` if it is outside its range.
   */
  read(
    after: string,
    options: EventLogReadOptions = {},
  ): Promise<EventLogBatch> {
    return settle(() => {
      const { limit, maxBytes } = checkReadOptions(options);
      this.#history.trim();
      return this.#history.read(this.#history.find(after), limit, maxBytes);
    });
  }

  /**
   * Finds the position some events before the end, as {@linkcode EventLog.rewind}.
   *
   * @returns The cursor. It rejects with a `TypeError` if `count` is not a number,
   * and with a `RangeError` if it is not an integer of at least 0 or `Infinity`.
   */
  rewind(count: number, options: EventLogOptions = {}): Promise<string> {
    return settle(() => {
      checkRewind(count, options);
      this.#history.trim();
      const { first, last } = this.#history;
      return this.#history.cursorOf(Math.max(first - 1, last - count));
    });
  }

  /** Calls back with every event after a cursor, as {@linkcode EventLog.follow}. */
  follow(
    onBatch: (batch: EventLogBatch) => void,
    options: EventLogFollowOptions = {},
  ): Promise<never> {
    return new Promise((_, reject) => {
      const { after, signal } = checkFollowOptions(options);
      signal?.throwIfAborted();
      const stop = (reason: unknown): void => {
        this.#followers.delete(follower);
        stopListening();
        reject(reason);
      };
      const onAbort = (): void => stop(signal?.reason);
      this.#history.trim();
      const sequence = after === undefined
        ? this.#history.last
        : this.#history.find(after);
      const follower: Follower = { sequence, onBatch, stop, isBusy: false };
      this.#followers.add(follower);
      const stopListening = listenForAbort(signal, onAbort);
      this.#call(follower);
      this.#advance(follower);
    });
  }

  /** Compares two cursors, as {@linkcode EventLog.compare}. */
  compare(a: string, b: string): number | undefined {
    const first = this.#history.find(a);
    const second = this.#history.find(b);
    return first === undefined || second === undefined
      ? undefined
      : first - second;
  }

  /** Whether every event after a cursor is still in the history. */
  reaches(cursor: string): boolean {
    this.#history.trim();
    const { first, last } = this.#history;
    const sequence = this.#history.find(cursor);
    return sequence !== undefined && sequence >= first - 1 && sequence <= last;
  }

  #advance(follower: Follower): void {
    // A callback may append: called inside itself, it would get events out of order.
    if (follower.isBusy) return;
    while (
      this.#followers.has(follower) &&
      follower.sequence !== this.#history.last
    ) {
      this.#call(follower);
    }
  }

  #call(follower: Follower): void {
    const batch = this.#history.read(follower.sequence, Infinity, Infinity);
    follower.sequence = this.#history.last;
    follower.isBusy = true;
    try {
      follower.onBatch(batch);
    } catch (error) {
      follower.stop(error);
    } finally {
      follower.isBusy = false;
    }
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "MemoryEventLog";
  }
}

/** One call of `follow` under way. */
interface Follower {
  /** The sequence of the last event that it got, `undefined` if its cursor is unknown. */
  sequence: number | undefined;
  readonly onBatch: (batch: EventLogBatch) => void;
  readonly stop: (reason: unknown) => void;
  /** Whether `onBatch` is running. */
  isBusy: boolean;
}

/** Runs a synchronous call: what it throws becomes a rejection. */
function settle<T>(call: () => T): Promise<T> {
  return new Promise((resolve) => resolve(call()));
}
