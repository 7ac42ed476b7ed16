// Copyright 2026 the Tidings authors. MIT license.

/** Looks now and then after the runs that somebody in this process waits for. */
export class LostWatch {
  readonly #interval: number;
  readonly #look: (id: string) => void;
  /** How many wait for a run, by its ID. */
  readonly #waiting = new Map<string, number>();
  /** Runs while somebody waits. */
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param interval Milliseconds between two looks.
   * @param look Looks after a run.
   */
  constructor(interval: number, look: (id: string) => void) {
    this.#interval = interval;
    this.#look = look;
  }

  /** Begins to look after a run, for one more who waits for it. */
  add(id: string): void {
    this.#waiting.set(id, (this.#waiting.get(id) ?? 0) + 1);
    this.#timer ??= setInterval(() => {
      for (const id of this.#waiting.keys()) this.#look(id);
    }, this.#interval);
  }

  /** Ends it, for one of those who wait. */
  remove(id: string): void {
    // It was added before.
    const count = this.#waiting.get(id)! - 1;
    if (count > 0) this.#waiting.set(id, count);
    else this.#waiting.delete(id);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
