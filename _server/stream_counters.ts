// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the streams of a channel, of runs and of sockets count, in one shape for all. Each
 * part adds to the numbers where something happens.
 *
 * @module
 */

/**
 * What streams have done since the channel, the runs or the process began. The numbers up
 * to `logRetries` are counters, which only grow; those after it are gauges. What cannot
 * happen stays 0.
 */
export interface StreamCounters {
  /** Streams that were opened. */
  opened: number;
  /** Requests that were refused, by their status, such as 503. */
  refused: Record<number, number>;
  /**
   * Streams that have ended, by their `CloseReason`; sockets by their close code, such
   * as 1001.
   */
  closed: Record<string, number>;
  /**
   * Events given to clients: one event for two clients counts as two. Messages, for
   * sockets.
   */
  delivered: number;
  /**
   * Bytes given to clients, as they are sent, comments and the like included. For
   * sockets, those of the messages.
   */
  bytes: number;
  /** Bytes that would have been sent on top of these without compression. */
  savedBytes: number;
  /** Clients that were told of a gap. */
  gaps: number;
  /** Clients that were closed because they fell behind the whole log. */
  overflows: number;
  /** Reads of the log for clients that were behind what is in memory. */
  catchUps: number;
  /** Calls of the log that have failed, those that are tried again included. */
  logErrors: number;
  /** Calls of the log that are tried again after a failure. */
  logRetries: number;
  /** Streams that are open. */
  size: number;
  /** Open streams that have been given everything so far. */
  live: number;
  /** Open streams that wait for room or for the log. */
  behind: number;
  /**
   * Milliseconds since the log last failed while it was followed; `undefined` if it never
   * has. Whether events come again is in `stalled` of a channel.
   */
  sinceLogFailure: number | undefined;
}

/** The gauges among them. */
export type StreamGauges = Pick<
  StreamCounters,
  "size" | "live" | "behind" | "sinceLogFailure"
>;

/** The counters of what serves streams. */
export class StreamTally {
  opened = 0;
  delivered = 0;
  bytes = 0;
  savedBytes = 0;
  gaps = 0;
  overflows = 0;
  catchUps = 0;
  logErrors = 0;
  logRetries = 0;
  readonly #refused: Record<number, number> = {};
  readonly #closed: Record<string, number> = {};

  /** Counts a response by which a request was refused; one of another kind does not count. */
  countRefusal({ status }: Pick<Response, "status">): void {
    if (status < 400) return;
    this.#refused[status] = (this.#refused[status] ?? 0) + 1;
  }

  /** Counts a stream that has ended. */
  countEnd(reason: string | number): void {
    this.#closed[reason] = (this.#closed[reason] ?? 0) + 1;
  }

  /** Gives a copy of the counters, which does not change, with the gauges. */
  read(gauges: StreamGauges): StreamCounters {
    const { opened, delivered, bytes, savedBytes, gaps, overflows } = this;
    const { catchUps, logErrors, logRetries } = this;
    return {
      opened,
      refused: { ...this.#refused },
      closed: { ...this.#closed },
      delivered,
      bytes,
      savedBytes,
      gaps,
      overflows,
      catchUps,
      logErrors,
      logRetries,
      ...gauges,
    };
  }
}
