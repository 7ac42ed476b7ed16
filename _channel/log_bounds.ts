// Copyright 2026 the Tidings authors. MIT license.

/**
 * Where a log begins and ends, as far as it is known: what all clients share whose
 * cursors are outside of it. The history of a channel asks it.
 *
 * @module
 */

import type { LogReader } from "./log_reader.ts";
import type { EventLog } from "../log.ts";

/** Milliseconds for which the beginning counts as the same, if it takes time to ask. */
const MAX_AGE = 5000;
/**
 * Milliseconds after the end was found for which nobody else asks about a cursor after
 * it. The end moves: an answer from before a client came would be wrong.
 */
const PAUSE = 100;

/** What is known of a log's bounds. */
export class LogBounds {
  readonly #log: EventLog;
  readonly #reader: LogReader;
  /** Set when it was asked for. */
  #begin: string | undefined;
  #beginTime = -Infinity;
  /** The end, as an answer for a cursor after it had it. */
  #end: string | undefined;
  #endTime = -Infinity;

  /**
   * @param log Compares cursors, if it can.
   * @param reader Reads from it.
   */
  constructor(log: EventLog, reader: LogReader) {
    this.#log = log;
    this.#reader = reader;
  }

  /** Whether the log tells at once what it has. */
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

  /** The beginning of the log, if a cursor is known to lie before it, or nowhere. */
  findBeginFor(cursor: string): string | undefined {
    // A log that is near is asked each time.
    const isKnown = !this.isNear &&
      performance.now() < this.#beginTime + MAX_AGE;
    const begin = isKnown ? this.#begin : undefined;
    return begin !== undefined && this.isOutside(cursor, begin)
      ? begin
      : undefined;
  }

  /**
   * Asks for the beginning of the log.
   *
   * @param isNeeded Whether anybody still waits for the answer.
   * @returns Its cursor, `undefined` if the log has failed or nobody waits.
   */
  async askBegin(isNeeded: () => boolean): Promise<string | undefined> {
    const begin = await this.#reader.findBegin(isNeeded);
    if (begin === undefined) return undefined;
    this.#begin = begin;
    this.#beginTime = performance.now();
    return begin;
  }

  /** Whether a cursor lies before another one of the log, or cannot be ordered. */
  isOutside(cursor: string, begin: string): boolean {
    const order = this.compare(cursor, begin);
    // One that is of the log may have left it just now.
    return order === undefined
      ? this.compare(begin, begin) !== undefined
      : order < 0;
  }

  /** Whether a cursor lies after another one. */
  isAfter(cursor: string, other: string): boolean {
    return (this.compare(cursor, other) ?? 0) > 0;
  }

  /** Called with the end, once the log has answered that a cursor lies after it. */
  meetEnd(cursor: string): void {
    this.#end = cursor;
    this.#endTime = performance.now();
  }

  /** Milliseconds until the log is to be asked about a cursor. */
  delayFor(cursor: string): number {
    const delay = this.#endTime + PAUSE - performance.now();
    if (delay <= 0 || this.#end === undefined) return 0;
    return this.isAfter(cursor, this.#end) ? delay : 0;
  }
}
