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
  /** Runs while a round goes on. */
  #rest: ReturnType<typeof setTimeout> | undefined;

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
    clearTimeout(this.#rest);
    this.#timer = this.#rest = undefined;
  }

  #begin(): void {
    // One that has not come to its end yet takes the time of the next.
    if (this.#rest !== undefined) return;
    this.#count++;
    const count = Math.ceil(this.#clients.size / MAX_AT_ONCE);
    this.#proceed(this.#clients.values(), this.#duration / count);
  }

  #proceed(clients: Iterator<Client>, pause: number): void {
    this.#rest = undefined;
    for (let count = 0; count < MAX_AT_ONCE; count++) {
      const { done, value } = clients.next();
      if (done) return;
      this.#visit(value);
    }
    // The visit may have been to the last one.
    if (this.#clients.size === 0) return;
    this.#rest = setTimeout(() => this.#proceed(clients, pause), pause);
  }
}
