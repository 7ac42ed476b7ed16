// Copyright 2026 the Tidings authors. MIT license.

/**
 * What is known of where a log begins and ends, so that all cursors outside of it share
 * one answer. `CatchUp` asks it.
 *
 * @module
 */

import type { LogReader } from "./log_reader.ts";
import type { EventLog } from "../log.ts";

/**
 * Milliseconds for which the beginning counts as unchanged, if the log is slow to ask.
 */
const MAX_AGE = 5000;
/**
 * Milliseconds after the end was found for which the log is not asked about a cursor
 * after the end. The end moves, so a client that comes later needs a new answer.
 */
const PAUSE = 100;

/** The known bounds of a log. */
export class LogBounds {
  readonly #log: EventLog;
  readonly #reader: LogReader;
  /** The cursor before the oldest event; set when the log has told it. */
  #begin: string | undefined;
  #beginTime = -Infinity;
  /** The end of the log; set when the log has answered for a cursor after it. */
  #end: string | undefined;
  #endTime = -Infinity;

  /**
   * @param log Compares cursors, if it can.
   * @param reader Reads from the log.
   */
  constructor(log: EventLog, reader: LogReader) {
    this.#log = log;
    this.#reader = reader;
  }

  /** Whether the log knows at once what it has. */
  get isNear(): boolean {
    return this.#log.reaches !== undefined;
  }

  /** Whether the log compares cursors. */
  get canCompare(): boolean {
    return this.#log.compare !== undefined;
  }

  /** Compares two cursors, as `EventLog.compare`; `undefined` if the log does not. */
  compare(a: string, b: string): number | undefined {
    return this.#log.compare?.(a, b);
  }

  /**
   * The beginning of the log, if a cursor is known to lie before it or cannot be ordered;
   * otherwise `undefined`.
   */
  findBeginFor(cursor: string): string | undefined {
    const begin = this.#begin;
    // A log that is near is asked each time.
    if (begin === undefined || this.isNear) return undefined;
    const isKnown = performance.now() < this.#beginTime + MAX_AGE;
    return isKnown && this.isOutside(cursor, begin) ? begin : undefined;
  }

  /**
   * Asks for the beginning of the log.
   *
   * @param isNeeded Whether a subscriber still needs the answer.
   * @returns The cursor; `undefined` if the log has failed or the answer is not needed.
   */
  async askBegin(isNeeded: () => boolean): Promise<string | undefined> {
    const begin = await this.#reader.findBegin(isNeeded);
    if (begin === undefined) return undefined;
    this.#begin = begin;
    this.#beginTime = performance.now();
    return begin;
  }

  /** Whether a cursor lies before the beginning, or cannot be ordered. */
  isOutside(cursor: string, begin: string): boolean {
    const order = this.compare(cursor, begin);
    // If the log cannot order its own beginning either, that has just left it, and
    // nothing is known of the cursor.
    return order === undefined
      ? this.compare(begin, begin) !== undefined
      : order < 0;
  }

  /** Whether a cursor lies after another one. */
  isAfter(cursor: string, other: string): boolean {
    return (this.compare(cursor, other) ?? 0) > 0;
  }

  /** Notes the end of the log, once the log has answered that a cursor lies after it. */
  noteEnd(cursor: string): void {
    this.#end = cursor;
    this.#endTime = performance.now();
  }

  /** Milliseconds to wait before the log is asked about a cursor. */
  delayFor(cursor: string): number {
    if (this.#end === undefined) return 0;
    const delay = this.#endTime + PAUSE - performance.now();
    return delay > 0 && this.isAfter(cursor, this.#end) ? delay : 0;
  }
}
