// Copyright 2026 the Tidings authors. MIT license.

/** Replaces the clock and the timers, which then go as fast as the test wants. */
export class FakeTime implements Disposable {
  now = 0;
  timers = new Map<number, { due: number; callback: () => void }>();
  #nextId = 1;
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    performance: globalThis.performance,
  };

  constructor() {
    Object.assign(globalThis, {
      setTimeout: (callback: () => void, delay: number) => {
        this.timers.set(this.#nextId, { due: this.now + delay, callback });
        return this.#nextId++;
      },
      clearTimeout: (id: number) => this.timers.delete(id),
      performance: { now: () => this.now },
    });
  }

  /** Lets time pass, and calls what comes due in its order. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (;;) {
      const [next] = [...this.timers].sort(([, a], [, b]) => a.due - b.due);
      if (next === undefined || next[1].due > end) break;
      const [id, { due, callback }] = next;
      this.timers.delete(id);
      this.now = due;
      callback();
    }
    this.now = end;
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
  }
}

/** As {@linkcode FakeTime}, with `setInterval()`, and with timers that may be late. */
export class FakeIntervals extends FakeTime {
  readonly #setInterval = globalThis.setInterval;
  readonly #clearInterval = globalThis.clearInterval;
  readonly #fakeSetTimeout = globalThis.setTimeout;

  constructor(lateness: () => number = () => 0) {
    super();
    const set = this.#fakeSetTimeout;
    const setLate = (callback: () => void, delay: number) =>
      set(callback, delay + lateness());
    const handles = new Map<number, number>();
    let next = 0;
    Object.assign(globalThis, {
      setTimeout: setLate,
      setInterval: (callback: () => void, delay: number) => {
        const id = next++;
        const arm = (): void => {
          handles.set(
            id,
            setLate(() => {
              arm();
              callback();
            }, delay) as unknown as number,
          );
        };
        arm();
        return id;
      },
      clearInterval: (id: number) => clearTimeout(handles.get(id)),
    });
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    Object.assign(globalThis, {
      setInterval: this.#setInterval,
      clearInterval: this.#clearInterval,
    });
  }
}
