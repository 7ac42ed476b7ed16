// Copyright 2026 the Tidings authors. MIT license.

/**
 * Notices a response that nobody reads, such as one that a middleware has thrown away or
 * replaced: no runtime tells of that.
 *
 * @module
 */

/** The streams that nobody has begun to read, by their timeouts. */
const watches = new Map<number, StartWatch>();

/**
 * Calls back unless the watch is ended in time. Call it when a response is made.
 *
 * @param timeout Milliseconds, which a timer can hold.
 * @param onTimeout Called after that time.
 * @returns Ends the watch. Call it when the body is read, and when the stream has ended.
 */
export function watchStart(timeout: number, onTimeout: () => void): () => void {
  let watch = watches.get(timeout);
  if (watch === undefined) {
    watch = new StartWatch(timeout);
    watches.set(timeout, watch);
  }
  return watch.add(onTimeout);
}

/** A callback that is due, unless it is removed before. */
interface StartEntry {
  readonly due: number;
  readonly onTimeout: () => void;
}

/**
 * Watches over all streams with the same timeout by one timer: setting and clearing one
 * for each client would be a good part of what it costs to accept the client.
 */
class StartWatch {
  readonly #timeout: number;
  /** The streams, the oldest first. */
  readonly #entries = new Set<StartEntry>();
  /** Runs while there are streams, until the oldest of them is due. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  add(onTimeout: () => void): () => void {
    const entry = { due: performance.now() + this.#timeout, onTimeout };
    this.#entries.add(entry);
    this.#timer ??= setTimeout(() => this.#endDue(), this.#timeout);
    return () => this.#remove(entry);
  }

  #remove(entry: StartEntry): void {
    if (!this.#entries.delete(entry) || this.#entries.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    watches.delete(this.#timeout);
  }

  #endDue(): void {
    this.#timer = undefined;
    for (const entry of this.#entries) {
      const rest = entry.due - performance.now();
      if (rest > 0) {
        this.#timer = setTimeout(() => this.#endDue(), rest);
        return;
      }
      this.#entries.delete(entry);
      entry.onTimeout();
    }
    watches.delete(this.#timeout);
  }
}
