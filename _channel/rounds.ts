// Copyright 2026 the Tidings authors. MIT license.

/**
 * Visits the clients of a channel again and again, a few at a time.
 *
 * @module
 */

/** Clients that are visited in one turn of the event loop. */
const MAX_AT_ONCE = 256;

/** Visits each client once in a round. Where there are many, they share out its time. */
export class Rounds<Client> {
  readonly #clients = new Set<Client>();
  readonly #duration: number;
  readonly #visit: (client: Client) => void;
  #count = 0;
  /** Runs while there are clients. */
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Run while rounds go on. */
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>();
  /** Whether a round of the clock goes on. */
  #isUnderWay = false;

  /**
   * @param duration Milliseconds of a round, 0 for none.
   * @param visit Called with each client.
   */
  constructor(duration: number, visit: (client: Client) => void) {
    this.#duration = duration;
    this.#visit = visit;
  }

  /** How many clients there are. */
  get size(): number {
    return this.#clients.size;
  }

  /** How many rounds were begun. */
  get count(): number {
    return this.#count;
  }

  /** All clients. */
  [Symbol.iterator](): Iterator<Client> {
    return this.#clients.values();
  }

  /** Adds a client. */
  add(client: Client): void {
    this.#clients.add(client);
    if (this.#duration === 0) return;
    this.#timer ??= setInterval(() => this.#begin(), this.#duration);
  }

  /** Removes a client. */
  remove(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const pause of this.#pauses) clearTimeout(pause);
    this.#pauses.clear();
    this.#isUnderWay = false;
  }

  /** Visits each client once, out of turn and soon. */
  visitAll(visit: (client: Client) => void): void {
    this.#proceed(this.#clients.values(), visit, 0, () => {});
  }

  #begin(): void {
    // One that has not come to its end yet takes the time of the next.
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#count++;
    const count = Math.ceil(this.#clients.size / MAX_AT_ONCE);
    const pause = this.#duration / count;
    this.#proceed(this.#clients.values(), this.#visit, pause, () => {
      this.#isUnderWay = false;
    });
  }

  #proceed(
    clients: Iterator<Client>,
    visit: (client: Client) => void,
    pause: number,
    onEnd: () => void,
  ): void {
    for (let count = 0; count < MAX_AT_ONCE; count++) {
      const { done, value } = clients.next();
      if (done) return onEnd();
      visit(value);
    }
    // The visit may have been to the last one.
    if (this.#clients.size === 0) return;
    const timer = setTimeout(() => {
      this.#pauses.delete(timer);
      this.#proceed(clients, visit, pause, onEnd);
    }, pause);
    this.#pauses.add(timer);
  }
}
