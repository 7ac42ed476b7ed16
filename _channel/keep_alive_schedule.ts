// Copyright 2026 the Tidings authors. MIT license.

/**
 * Visits the subscribers of a channel at regular intervals, so that each can send a
 * keep-alive comment. The broadcaster holds its subscribers in one.
 *
 * @module
 */

/** Members that are visited in one turn of the event loop. */
const MAX_AT_ONCE = 256;

/**
 * A set whose members are visited once in each tick. If there are many, the visits are
 * spread over the interval between two ticks.
 */
export class KeepAliveSchedule<Member> {
  readonly #members = new Set<Member>();
  readonly #duration: number;
  readonly #visit: (member: Member) => void;
  #ticks = 0;
  /** Runs while there are members. */
  #timer: ReturnType<typeof setInterval> | undefined;
  /** The timers between the parts of the visits that are under way. */
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>();
  /** Whether the visits of a tick are under way. */
  #isUnderWay = false;

  /**
   * @param duration Milliseconds between two ticks, 0 for none.
   * @param visit Called with each member.
   */
  constructor(duration: number, visit: (member: Member) => void) {
    this.#duration = duration;
    this.#visit = visit;
  }

  /** How many members there are. */
  get size(): number {
    return this.#members.size;
  }

  /** How many ticks have begun. */
  get tick(): number {
    return this.#ticks;
  }

  /** All members. */
  [Symbol.iterator](): Iterator<Member> {
    return this.#members.values();
  }

  /** Adds a member. */
  add(member: Member): void {
    this.#members.add(member);
    if (this.#duration === 0) return;
    this.#timer ??= setInterval(() => this.#begin(), this.#duration);
  }

  /** Removes a member. */
  remove(member: Member): void {
    this.#members.delete(member);
    if (this.#members.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const pause of this.#pauses) clearTimeout(pause);
    this.#pauses.clear();
    this.#isUnderWay = false;
  }

  /** Visits each member once, besides the ticks and without waiting for one. */
  visitAll(visit: (member: Member) => void): void {
    this.#proceed(this.#members.values(), visit, 0, () => {});
  }

  #begin(): void {
    // If the visits of a tick take longer than the interval, the next tick is left out.
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
    // The last visit may have removed all members.
    if (this.#members.size === 0) return;
    const timer = setTimeout(() => {
      this.#pauses.delete(timer);
      this.#proceed(members, visit, pause, onEnd);
    }, pause);
    this.#pauses.add(timer);
  }
}
