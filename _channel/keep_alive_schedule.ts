// Copyright 2026 the Tidings authors. MIT license.

/**
 * Visits the clients of a channel again and again, a few at a time.
 *
 * @module
 */

/** Clients that are visited in one turn of the event loop. */
const MAX_AT_ONCE = 256;

/** Visits each client once in a round. Where there are many, they share out its time. */
export class KeepAliveSchedule<Member> {
  readonly #members = new Set<Member>();
  readonly #duration: number;
  readonly #visit: (member: Member) => void;
  #ticks = 0;
  /** Runs while there are members. */
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Run while rounds go on. */
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>();
  /** Whether a round of the clock goes on. */
  #isUnderWay = false;

  /**
   * @param duration Milliseconds of a round, 0 for none.
   * @param visit Called with each client.
   */
  constructor(duration: number, visit: (member: Member) => void) {
    this.#duration = duration;
    this.#visit = visit;
  }

  /** How many clients there are. */
  get size(): number {
    return this.#members.size;
  }

  /** How many rounds were begun. */
  get tick(): number {
    return this.#ticks;
  }

  /** All members. */
  [Symbol.iterator](): Iterator<Member> {
    return this.#members.values();
  }

  /** Adds a client. */
  add(member: Member): void {
    this.#members.add(member);
    if (this.#duration === 0) return;
    this.#timer ??= setInterval(() => this.#begin(), this.#duration);
  }

  /** Removes a client. */
  remove(member: Member): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const pause of this.#pauses) clearTimeout(pause);
    this.#pauses.clear();
    this.#isUnderWay = false;
  }

  /** Visits each client once, out of turn and soon. */
  visitAll(visit: (member: Member) => void): void {
    this.#proceed(this.#members.values(), visit, 0, () => {});
  }

  #begin(): void {
    // One that has not come to its end yet takes the time of the next.
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#ticks++;
    const count = Math.ceil(this.#members.size / MAX_AT_ONCE);
    const pause = this.#duration / count;
    this.#proceed(this.#members.values(), this.#visit, pause, () => {
      this.#isUnderWay = false;
    });
  }

  #proceed(
    members: Iterator<Member>,
    visit: (member: Member) => void,
    pause: number,
    onEnd: () => void,
  ): void {
    for (let count = 0; count < MAX_AT_ONCE; count++) {
      const { done, value } = members.next();
      if (done) return onEnd();
      visit(value);
    }
    // The visit may have been to the last one.
    if (this.#members.size === 0) return;
    const timer = setTimeout(() => {
      this.#pauses.delete(timer);
      this.#proceed(members, visit, pause, onEnd);
    }, pause);
    this.#pauses.add(timer);
  }
}
