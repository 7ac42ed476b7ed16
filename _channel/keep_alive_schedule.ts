// Copyright 2026 the Tidings authors. MIT license.

/**
 * Visits the subscribers of a channel at regular intervals, so that each can send a
 * keep-alive comment. The broadcaster holds its subscribers in one.
 *
 * @module
 */

/** Members that are visited in one event loop turn. */
const MAX_AT_ONCE = 256;
/** So that timers which are late by a twentieth make no silence too long. */
const SLACK = 0.95;

/** Members that are visited together. */
interface Part<Member> {
  /** Milliseconds from the beginning of each interval to the visits. */
  readonly phase: number;
  readonly members: Set<Member>;
  /** When the next visits are due, on the clock of `performance`; set while they wait. */
  due: number | undefined;
}

/**
 * A set whose members are visited at regular intervals, each twice in `keepAlive`
 * milliseconds. If there are many, they are divided into parts, whose visits are spread
 * over the interval.
 *
 * A member that sends a comment when it has sent nothing since its last visit is never
 * silent for longer than `keepAlive`: it stays in its part, whatever else comes and leaves, and
 * its first visit is not later than the others.
 */
export class KeepAliveSchedule<Member> {
  /** Milliseconds between two visits, 0 for none. */
  readonly #interval: number;
  readonly #visit: (member: Member) => void;
  /** The part of each member; `undefined` if there are no visits. */
  readonly #members = new Map<Member, Part<Member> | undefined>();
  /** The parts, each at the index that decides its phase. */
  readonly #parts: (Part<Member> | undefined)[] = [];
  /** The parts with room for another member. */
  readonly #open = new Set<Part<Member>>();
  /** Runs while there are members. */
  #timer: ReturnType<typeof setInterval> | undefined;
  /** When this interval has begun, on the clock of `performance`. */
  #begin = 0;
  /** The parts whose visits are due in this interval, in that order. */
  #waiting: Part<Member>[] = [];
  /** Runs until the first of them is due. */
  #partTimer: ReturnType<typeof setTimeout> | undefined;
  /** The timers between the visits of `visitAll()`. */
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>();

  /**
   * @param keepAlive Milliseconds in which each member is visited twice, 0 for never.
   * @param visit Called with each member.
   */
  constructor(keepAlive: number, visit: (member: Member) => void) {
    this.#interval = keepAlive / 2 * SLACK;
    this.#visit = visit;
  }

  /** How many members there are. */
  get size(): number {
    return this.#members.size;
  }

  /** All members. */
  [Symbol.iterator](): Iterator<Member> {
    return this.#members.keys();
  }

  /** Adds a member. */
  add(member: Member): void {
    const part = this.#interval === 0 ? undefined : this.#obtainPart();
    this.#members.set(member, part);
    if (part === undefined) return;
    part.members.add(member);
    if (part.members.size === MAX_AT_ONCE) this.#open.delete(part);
  }

  /** Removes a member. */
  remove(member: Member): void {
    const part = this.#members.get(member);
    this.#members.delete(member);
    if (part !== undefined) this.#leave(part, member);
    if (this.#members.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    clearTimeout(this.#partTimer);
    this.#partTimer = undefined;
    this.#waiting = [];
    for (const pause of this.#pauses) clearTimeout(pause);
    this.#pauses.clear();
  }

  /** Visits each member once, besides the intervals and without waiting for one. */
  visitAll(visit: (member: Member) => void): void {
    this.#proceed(this.#members.keys(), visit);
  }

  #obtainPart(): Part<Member> {
    // The first, if there is one: a destructured set would cost each client an array.
    for (const open of this.#open) return open;
    if (this.#timer === undefined) {
      this.#begin = performance.now();
      this.#timer = setInterval(() => this.#visitParts(), this.#interval);
    }
    const free = this.#parts.indexOf(undefined);
    const index = free === -1 ? this.#parts.length : free;
    const phase = reverseBits(index) * this.#interval;
    const part = { phase, members: new Set<Member>(), due: undefined };
    this.#parts[index] = part;
    this.#open.add(part);
    // Otherwise its first visit could be almost two intervals away.
    if (this.#begin + phase > performance.now()) this.#await(part);
    return part;
  }

  #leave(part: Part<Member>, member: Member): void {
    part.members.delete(member);
    this.#open.add(part);
    if (part.members.size > 0) return;
    this.#open.delete(part);
    this.#parts[this.#parts.indexOf(part)] = undefined;
  }

  #visitParts(): void {
    this.#begin = performance.now();
    for (const part of this.#parts) if (part !== undefined) this.#await(part);
    if (this.#waiting[0]?.phase === 0) this.#visitNext();
  }

  /** Has a part visited in this interval, unless the visits of the last are still due. */
  #await(part: Part<Member>): void {
    if (part.due !== undefined) return;
    const due = part.due = this.#begin + part.phase;
    // A part has a time while it waits.
    const index = this.#waiting.findIndex((other) => other.due! > due);
    this.#waiting.splice(index === -1 ? this.#waiting.length : index, 0, part);
    this.#arm();
  }

  /** Visits one part: if several are late, each has an event loop turn of its own. */
  #visitNext(): void {
    const part = this.#waiting.shift();
    if (part === undefined) return;
    part.due = undefined;
    for (const member of part.members) this.#visit(member);
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#partTimer);
    this.#partTimer = undefined;
    const [next] = this.#waiting;
    // As above.
    const delay = next && Math.max(next.due! - performance.now(), 0);
    if (delay === undefined) return;
    this.#partTimer = setTimeout(() => this.#visitNext(), delay);
  }

  #proceed(members: Iterator<Member>, visit: (member: Member) => void): void {
    for (let count = 0; count < MAX_AT_ONCE; count++) {
      const { done, value } = members.next();
      if (done) return;
      visit(value);
    }
    // The last visit may have removed all members.
    if (this.#members.size === 0) return;
    this.#pause(0, () => this.#proceed(members, visit));
  }

  #pause(delay: number, goOn: () => void): void {
    const timer = setTimeout(() => {
      this.#pauses.delete(timer);
      goOn();
    }, delay);
    this.#pauses.add(timer);
  }
}

/**
 * Reverses the bits of an index behind the binary point: 0, 1/2, 1/4, 3/4, 1/8, ... The
 * first so many of them are always spread evenly.
 */
function reverseBits(index: number): number {
  let result = 0;
  for (let bit = 0.5; index > 0; bit /= 2) {
    if (index % 2 === 1) result += bit;
    index = Math.floor(index / 2);
  }
  return result;
}
