// Copyright 2026 the Tidings authors. MIT license.

/**
 * Visits many items without holding up the event loop. `CatchUp` and the broadcaster have
 * their subscribers continue with it.
 *
 * @module
 */

/** Milliseconds for which items are visited before the event loop runs other tasks. */
const MAX_BUSY = 8;
/** Items that are visited between two looks at the clock, which cost as much as a visit. */
const VISITS_PER_LOOK = 4;

/** A queue whose items are visited in slices of a few milliseconds. */
export class SlicedQueue<Item> {
  readonly #visit: (item: Item) => void;
  readonly #items = new Set<Item>();
  /** Fulfilled once what a slice has left is visited or dropped; set by that slice. */
  #rest: Promise<void> | undefined;
  /** Ends the pause before the next slice. Set while that is under way. */
  #endPause: (() => void) | undefined;

  /** @param visit Called with each item, which has left the queue. */
  constructor(visit: (item: Item) => void) {
    this.#visit = visit;
  }

  /** Adds an item. */
  add(item: Item): void {
    this.#items.add(item);
  }

  /** Whether an item waits to be visited. */
  has(item: Item): boolean {
    return this.#items.has(item);
  }

  /**
   * Visits all items, in the order in which they were added. Items that are added
   * meanwhile wait for the next call, or for the next slice.
   *
   * @returns A promise that is fulfilled once they are visited or dropped.
   */
  run(): Promise<void> {
    const end = performance.now() + MAX_BUSY;
    let left = this.#items.size;
    let visits = 0;
    // If `clear()` is called in a visit, the loop ends.
    for (const item of this.#items) {
      if (left-- === 0) break;
      const looks = visits++ % VISITS_PER_LOOK === VISITS_PER_LOOK - 1;
      if (looks && performance.now() > end) {
        return this.#rest ??= this.#pause().then(() => {
          this.#rest = undefined;
          return this.run();
        });
      }
      this.#items.delete(item);
      this.#visit(item);
    }
    return Promise.resolve();
  }

  /** Drops all items. */
  clear(): void {
    this.#items.clear();
    this.#endPause?.();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#endPause?.(), 0);
      this.#endPause = () => {
        clearTimeout(timer);
        this.#endPause = undefined;
        resolve();
      };
    });
  }
}
