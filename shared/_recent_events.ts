// Copyright 2026 the Tidings authors. MIT license.

/**
 * The last events of a shared stream, which each tab keeps in memory for tabs that have
 * missed them.
 *
 * @module
 */

import { ownText } from "../_own_text.ts";
import type { ServerSentEvent } from "../event.ts";
import type { EventRange } from "./_messages.ts";
import { EVENT_SIZE, MAX_SIZE, NEW } from "./_numbers.ts";

export { NEW } from "./_numbers.ts";

/** The last events, with consecutive numbers. */
export class RecentEvents implements EventRange {
  readonly events: ServerSentEvent[] = [];
  next = NEW;
  /** The stream's last event ID, after which the next leader resumes. */
  lastEventId: string;
  #size = 0;

  constructor(lastEventId: string) {
    this.lastEventId = lastEventId;
  }

  /** Adds the next event. */
  push(event: ServerSentEvent): void {
    this.next++;
    // In the leader, these are slices of what its parser decoded: without copies, an
    // event of 30 characters would keep 15 KiB.
    const lastEventId = ownText(event.lastEventId);
    this.lastEventId = lastEventId;
    this.events.push({
      event: ownText(event.event),
      data: ownText(event.data),
      id: event.id && lastEventId,
      lastEventId,
    });
    this.#size += sizeOf(event);
    while (this.#size > MAX_SIZE) {
      // There is one: the size is that of the events.
      this.#size -= sizeOf(this.events.shift()!);
    }
  }

  /** Drops all events, and goes on from a number that does not follow on them. */
  moveTo(next: number, lastEventId: string): void {
    this.next = next;
    this.lastEventId = lastEventId;
    this.events.length = this.#size = 0;
  }

  /**
   * Finds the events from a number on, as far as they are kept; none for a tab that has
   * not received any message.
   */
  since(next: number): EventRange {
    const { lastEventId } = this;
    const missing = next === NEW ? 0 : this.next - next;
    const events = missing > 0 ? this.events.slice(-missing) : [];
    return { events, next: this.next, lastEventId };
  }

  /** Finds the events after the one with this ID, `undefined` if it is not kept. */
  after(lastEventId: string): ServerSentEvent[] | undefined {
    const { events } = this;
    const index = events.findLastIndex(({ id }) => id === lastEventId);
    return index < 0 && (events.length > 0 || lastEventId !== this.lastEventId)
      ? undefined
      : events.slice(index + 1);
  }
}

function sizeOf({ event, data, lastEventId }: ServerSentEvent): number {
  return event.length + data.length + lastEventId.length + EVENT_SIZE;
}
