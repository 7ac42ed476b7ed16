// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a tab keeps of a shared stream.
 *
 * @module
 */

import { ownText } from "../_own_text.ts";
import type { ServerSentEvent } from "../event.ts";
import type { Place } from "./_message.ts";

/** The number of the next event for a tab that has never been in the stream. */
export const NEW = 0;
/** The same for a tab that has lost its place in the stream. */
export const LOST = 1;

/** UTF-16 code units that are kept. */
const MAX_SIZE = 2 ** 20;
/** What an event counts beside its text. */
const EVENT_SIZE = 100;

/**
 * The last events of the shared stream, numbered without a hole, and kept in memory
 * for those who have missed them.
 */
export class Backlog implements Place {
  readonly events: ServerSentEvent[] = [];
  next = NEW;
  /** The stream's last event ID, to resume from. */
  lastEventId: string;
  #size = 0;

  constructor(lastEventId: string) {
    this.lastEventId = lastEventId;
  }

  /** Adds the next event. */
  push(event: ServerSentEvent): void {
    this.next++;
    // The tab that holds the connection has slices of what its parser decoded: without
    // copies, an event of 30 characters would keep 15 KiB.
    const lastEventId = ownText(event.lastEventId);
    this.lastEventId = lastEventId;
    this.events.push({
      event: ownText(event.event),
      data: ownText(event.data),
      id: event.id === event.lastEventId ? lastEventId : event.id,
      lastEventId,
    });
    this.#size += sizeOf(event);
    while (this.#size > MAX_SIZE) {
      // Cannot fail: what is left has a size.
      this.#size -= sizeOf(this.events.shift()!);
    }
  }

  /** Starts over, at a place that cannot be reached from here. */
  moveTo(next: number, lastEventId: string): void {
    this.next = next;
    this.lastEventId = lastEventId;
    this.events.length = this.#size = 0;
  }

  /**
   * Finds what somebody lacks who waits for the event with this number: as much as
   * is left, and nothing for somebody who is new.
   */
  since(next: number): Place {
    const { lastEventId } = this;
    const missing = next === NEW ? 0 : Math.max(this.next - next, 0);
    const events = missing === 0 ? [] : this.events.slice(-missing);
    return { events, next: this.next, lastEventId };
  }

  /** Finds the events after the one with this ID, `undefined` if it is not here. */
  after(lastEventId: string): ServerSentEvent[] | undefined {
    const { events } = this;
    if (events.length === 0 && lastEventId === this.lastEventId) return [];
    const index = events.findLastIndex(({ id }) => id === lastEventId);
    return index < 0 ? undefined : events.slice(index + 1);
  }
}

function sizeOf({ event, data, lastEventId }: ServerSentEvent): number {
  return event.length + data.length + lastEventId.length + EVENT_SIZE;
}
