// Copyright 2026 the Tidings authors. MIT license.

/** Looks now and then after the runs that somebody in this process waits for. */
export class LostWatch {
  readonly #interval: number;
  readonly #look: (id: string) => Promise<void>;
  /** How many wait for a run, by its ID. */
  readonly #waiting = new Map<string, number>();
  /** The looks under way, by the ID of the run. */
  readonly #looks = new Map<string, Promise<void>>();
  /** Runs while somebody waits. */
  #timer: ReturnType<typeof setInterval> | undefined;

  /**
   * @param interval Milliseconds between two looks.
   * @param look Looks after a run. It must not reject.
   */
  constructor(interval: number, look: (id: string) => Promise<void>) {
    this.#interval = interval;
    this.#look = look;
  }

  /** Begins to look after a run, for one more who waits for it. */
  add(id: string): void {
    this.#waiting.set(id, (this.#waiting.get(id) ?? 0) + 1);
    this.#timer ??= setInterval(() => {
      for (const id of this.#waiting.keys()) this.#lookAfter(id);
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

  /** Waits until no look is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#looks.values());
  }

  async #lookAfter(id: string): Promise<void> {
    // One that takes long is not to be joined by others.
    if (this.#looks.has(id)) return;
    const look = this.#look(id);
    this.#looks.set(id, look);
    await look;
    this.#looks.delete(id);
  }
}
