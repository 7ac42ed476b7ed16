// Copyright 2026 the Tidings authors. MIT license.

/**
 * The counters of streams, in one shape for channels, runs and sockets. Each of them counts
 * in a `StreamTally`, and gives the application a copy.
 *
 * @module
 */

/**
 * The numbers of the streams of a channel, of runs or of the sockets of this process, since
 * it began. The members up to `logRetries` are counters, which only grow; those after it are
 * gauges. A number that does not apply, such as `gaps` of sockets, stays 0.
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
   * Events that were handed to clients; for sockets, messages. One event for two clients
   * counts as two.
   */
  delivered: number;
  /**
   * Bytes that were handed to clients, after compression and with comments; for sockets,
   * the bytes of the messages.
   */
  bytes: number;
  /** Bytes that compression has saved: without it, `bytes` would be greater by as many. */
  savedBytes: number;
  /** Clients that were told of a gap. */
  gaps: number;
  /** Clients that were closed because they fell behind the whole log. */
  overflows: number;
  /** Reads of the log for clients whose cursor is older than what is in memory. */
  catchUps: number;
  /** Calls of the log that have failed, including those that are tried again. */
  logErrors: number;
  /** Calls of the log that are tried again after a failure. */
  logRetries: number;
  /** Streams that are open. */
  size: number;
  /** Open streams that have been handed all events so far. */
  live: number;
  /** Open streams that wait for room or for the log. */
  behind: number;
  /**
   * Milliseconds since following the log failed last; `undefined` if it never has. `stalled`
   * of a channel tells whether events come again.
   */
  sinceLogFailure: number | undefined;
}

/** The gauges among them. */
export type StreamGauges = Pick<
  StreamCounters,
  "size" | "live" | "behind" | "sinceLogFailure"
>;

/** Counts the streams of a channel, of runs or of sockets. */
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

  /** Counts a response if it refuses a request: its status is 400 or greater. */
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
