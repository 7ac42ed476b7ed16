// Copyright 2026 the Tidings authors. MIT license.

/** Looks now and then after the runs that somebody in this process waits for. */
export class StatusPoll {
  readonly #interval: number;
  readonly #check: (id: string) => Promise<boolean>;
  /** Those who wait for a run, by its ID: what they are told with if it is gone. */
  readonly #waiting = new Map<string, Set<() => void>>();
  /** The looks under way, by the ID of the run. */
  readonly #checks = new Map<string, Promise<void>>();
  /** Runs while somebody waits. */
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param interval Milliseconds between two looks.
   * @param look Looks after a run, and tells whether it is still there. It must not
   * reject.
   */
  constructor(interval: number, check: (id: string) => Promise<boolean>) {
    this.#interval = interval;
    this.#check = check;
  }

  /**
   * Begins to look after a run, for one more who waits for it.
   *
   * @param onGone Called if nothing is left of the run.
   * @returns What ends it. To be called once.
   */
  watch(id: string, onGone: () => void): () => void {
    const waiting = this.#waiting.get(id) ?? new Set();
    waiting.add(onGone);
    this.#waiting.set(id, waiting);
    this.#timer ??= setInterval(() => {
      for (const id of this.#waiting.keys()) this.#checkRun(id);
    }, this.#interval);
    return () => {
      waiting.delete(onGone);
      if (waiting.size === 0) this.#waiting.delete(id);
      if (this.#waiting.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  /** Waits until no check is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#checks.values());
  }

  async #checkRun(id: string): Promise<void> {
    // One that takes long is not to be joined by others.
    if (this.#checks.has(id)) return;
    const check = this.#check(id).then((isThere) => {
      if (isThere) return;
      for (const onGone of this.#waiting.get(id) ?? []) onGone();
    });
    this.#checks.set(id, check);
    await check;
    this.#checks.delete(id);
  }
}
