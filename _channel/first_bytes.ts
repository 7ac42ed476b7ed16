// Copyright 2026 the Tidings authors. MIT license.

/**
 * Lets the new subscribers of a channel send a first byte where they have nothing else
 * to send yet. The broadcaster has one for all of its subscribers.
 *
 * @module
 */

import { SlicedQueue } from "./sliced_queue.ts";

/** Visits each new member once, in the next timer turn of the event loop. */
export class FirstBytes<Member> {
  readonly #members: SlicedQueue<Member>;
  /** Runs before the members are visited: one timer for all that come at once. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param visit Called with each member. */
  constructor(visit: (member: Member) => void) {
    this.#members = new SlicedQueue(visit);
  }

  /** Adds a member that has just begun. */
  add(member: Member): void {
    this.#members.add(member);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#members.run();
    }, 0);
  }

  /** Drops all members. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#members.clear();
  }
}
