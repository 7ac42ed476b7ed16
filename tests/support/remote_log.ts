// Copyright 2026 the Tidings authors. MIT license.

/**
 * A log that behaves like one on the other side of a network: every answer takes a
 * turn of the event loop or more, following lags behind reading, and any of its
 * parts can be made to fail.
 */

import type {
  EventLog,
  EventLogAppendOptions,
  EventLogBatch,
  EventLogFollowOptions,
  EventLogOptions,
  EventLogReadOptions,
} from "../../log.ts";
import { MemoryEventLog, type MemoryEventLogOptions } from "../../log.ts";
import type { TextEventInit } from "../../event.ts";

/** The parts that can fail. */
export type Part = "append" | "read" | "follow";

/** A log that is far away. */
export class RemoteLog implements EventLog {
  /** The parts that fail at present. */
  readonly down = new Set<Part>();
  /** How often each part was used. */
  readonly calls = { append: 0, read: 0, follow: 0 };
  /** Decides now and then that a part fails once. */
  failsOnce: (part: Part) => boolean = () => false;
  /** Chooses how many events following gives at a time. */
  batchSize: () => number = () => Infinity;
  readonly #log: MemoryEventLog;

  constructor(options?: MemoryEventLogOptions) {
    this.#log = new MemoryEventLog(options);
  }

  async append(
    event: TextEventInit,
    { signal, ...options }: EventLogAppendOptions = {},
  ): Promise<string> {
    // The order of the calls counts, whatever time each of them takes.
    event = { ...event };
    await this.#travel("append", signal);
    return await this.#log.append(event, options);
  }

  async read(
    after: string,
    options: EventLogReadOptions = {},
  ): Promise<EventLogBatch> {
    await this.#travel("read", options.signal);
    return await this.#log.read(after, options);
  }

  async rewind(count: number, options: EventLogOptions = {}): Promise<string> {
    await this.#travel("read", options.signal);
    return await this.#log.rewind(count);
  }

  compare(a: string, b: string): number | undefined {
    return this.#log.compare(a, b);
  }

  async follow(
    onBatch: (batch: EventLogBatch) => void,
    { after, signal }: EventLogFollowOptions = {},
  ): Promise<never> {
    let cursor = after ?? await this.#log.rewind(0);
    for (let isFirst = true;; isFirst = false) {
      await this.#travel("follow", signal);
      const limit = this.batchSize();
      const batch = await this.#log.read(cursor, { limit });
      signal?.throwIfAborted();
      if (isFirst && after === undefined) {
        onBatch({ events: [], cursor, gap: false });
      } else if (isFirst || batch.events.length > 0 || batch.gap) {
        onBatch(batch);
        cursor = batch.cursor;
      }
    }
  }

  async #travel(part: Part, signal: AbortSignal | undefined): Promise<void> {
    this.calls[part]++;
    await new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = setTimeout(end, 0);
      signal?.addEventListener("abort", end);

      function end(): void {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        if (signal?.aborted) reject(signal.reason);
        else resolve();
      }
    });
    if (this.down.has(part) || this.failsOnce(part)) {
      throw new Error(`The log is down: ${part}`);
    }
  }
}
