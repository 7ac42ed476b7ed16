// Copyright 2026 the Tidings authors. MIT license.

/**
 * Polls the status of the runs that this process reads or waits for. Only a poll finds
 * out that a producer is gone, or that an engine has lost the run: no log tells that.
 *
 * @module
 */

/** Checks at intervals whether runs are still there. */
export class StatusPoll {
  readonly #interval: number;
  readonly #check: (id: string) => Promise<boolean>;
  /** What to call if a run is gone, by the ID of the run. */
  readonly #watches = new Map<string, Set<() => void>>();
  /** The checks under way, by the ID of the run. */
  readonly #checks = new Map<string, Promise<void>>();
  /** Set while a run is watched. */
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param interval Milliseconds between two checks.
   * @param check Tells whether anything is left of a run. It must not reject.
   */
  constructor(interval: number, check: (id: string) => Promise<boolean>) {
    this.#interval = interval;
    this.#check = check;
  }

  /**
   * Begins to watch a run. A run may be watched any number of times.
   *
   * @param id The ID of the run.
   * @param onGone Called if nothing is left of the run.
   * @returns A function that ends the watch. It may be called again.
   */
  watch(id: string, onGone: () => void): () => void {
    const watches = this.#watches.get(id) ?? new Set();
    watches.add(onGone);
    this.#watches.set(id, watches);
    this.#timer ??= setInterval(() => {
      for (const id of this.#watches.keys()) this.#checkRun(id);
    }, this.#interval);
    return () => {
      watches.delete(onGone);
      const isLast = watches.size === 0 && this.#watches.get(id) === watches;
      if (isLast) this.#watches.delete(id);
      if (this.#watches.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  /** Waits until no check is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#checks.values());
  }

  async #checkRun(id: string): Promise<void> {
    // A log that is slow to answer would gather more and more checks.
    if (this.#checks.has(id)) return;
    const check = this.#check(id).then((isThere) => {
      if (isThere) return;
      for (const onGone of this.#watches.get(id) ?? []) onGone();
    });
    this.#checks.set(id, check);
    await check;
    this.#checks.delete(id);
  }
}
