// Copyright 2026 the Tidings authors. MIT license.

/**
 * Joins the appends of one event loop turn, so that an engine writes them at once and
 * in the order of the calls.
 *
 * @module
 */

import { listenForAbort } from "../../_abort.ts";
import type { WriteLimiter } from "./write_limiter.ts";

/** The most that one write takes; it always takes at least one event. */
export interface AppendQueueBounds {
  items: number;
  bytes: number;
}

/** What one write takes, where nothing of the engine asks for less. */
export const WRITE_BOUNDS: AppendQueueBounds = { items: 128, bytes: 1_048_576 };

interface Waiting<T> {
  readonly item: T;
  readonly size: number;
  readonly resolve: (id: string) => void;
  readonly reject: (reason: unknown) => void;
}

/** Events that wait to be written, one write after the other. */
export class AppendQueue<T> {
  readonly #bounds: AppendQueueBounds;
  readonly #write: (items: readonly T[]) => Promise<readonly string[]>;
  readonly #limiter: WriteLimiter | undefined;
  /** Events that no write has taken. A set, so that an abort removes one fast. */
  readonly #waiting = new Set<Waiting<T>>();
  #isRunning = false;

  /**
   * @param bounds How much one write takes.
   * @param write Writes events, all or none, and gives their IDs. If it fails, all
   * waiting calls fail too: no event may overtake an earlier one.
   * @param limiter Delays writes of all queues that share it, if there is one.
   */
  constructor(
    bounds: AppendQueueBounds,
    write: (items: readonly T[]) => Promise<readonly string[]>,
    limiter?: WriteLimiter,
  ) {
    this.#bounds = bounds;
    this.#write = write;
    this.#limiter = limiter;
  }

  /**
   * Adds an event at the end of the queue.
   *
   * @param item The event.
   * @param size Its bytes.
   * @param signal Removes the event from the queue, if no write has taken it yet.
   * @returns The event's ID, once it is written.
   */
  append(
    item: T,
    size: number,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const onAbort = (): void => {
        this.#waiting.delete(waiting);
        reject(signal?.reason);
      };
      const waiting: Waiting<T> = {
        item,
        size,
        resolve: (id) => {
          stopListening();
          resolve(id);
        },
        reject: (reason) => {
          stopListening();
          reject(reason);
        },
      };
      const stopListening = listenForAbort(signal, onAbort);
      this.#waiting.add(waiting);
      if (this.#isRunning) return;
      this.#isRunning = true;
      queueMicrotask(() => this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0) {
      await this.#limiter?.next();
      const batch = this.#take();
      // All of them may have been aborted meanwhile.
      if (batch.length === 0) break;
      try {
        const ids = await this.#write(batch.map(({ item }) => item));
        // There is one ID for each event.
        for (const [index, { resolve }] of batch.entries()) {
          resolve(ids[index]!);
        }
      } catch (error) {
        const failed = [...batch, ...this.#waiting];
        this.#waiting.clear();
        for (const { reject } of failed) reject(error);
      }
    }
    this.#isRunning = false;
  }

  #take(): Waiting<T>[] {
    const batch: Waiting<T>[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting) {
      bytes += waiting.size;
      const isFull = batch.length === this.#bounds.items ||
        bytes > this.#bounds.bytes;
      if (isFull && batch.length > 0) break;
      batch.push(waiting);
      this.#waiting.delete(waiting);
    }
    return batch;
  }
}
