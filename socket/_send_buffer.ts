// Copyright 2026 the Tidings authors. MIT license.

/**
 * The events that one side of a socket sends and the other side has not acknowledged
 * yet, for the client and for the server.
 *
 * @module
 */

import { ownText } from "../_own_text.ts";
import type { ServerSentEventInit } from "../event.ts";
import type { CloseReason } from "./_close_reason.ts";
import {
  byteLengthOf,
  CLOSE_EVENT,
  type SocketData,
  toEvent,
} from "./_wire_format.ts";

/** Bytes that an event takes on the wire and in memory at most, besides its data. */
export const EVENT_OVERHEAD = 64;

interface Entry {
  event: ServerSentEventInit;
  /** The bytes of the message. */
  size: number;
  /** The bytes of the event on the wire, at most. */
  wireSize: number;
}

/**
 * The events of one direction that the other side has not acknowledged yet. An event that
 * was taken to be sent stays until it is acknowledged, and can be taken again.
 */
export class SendBuffer {
  /** The events that were not acknowledged. The first has the ID `#acknowledged + 1`. */
  #entries: Entry[] = [];
  #acknowledged = 0;
  /** How many of the entries were taken. */
  #taken = 0;
  /** The highest ID that was ever taken: a rewind leaves it. */
  #sent = 0;
  #waitingBytes = 0;
  #bytes = 0;
  #wireBytes = 0;

  /** Bytes of the messages that were not taken yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Bytes of the messages that were not acknowledged yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The same as bytes on the wire and in memory. */
  get wireBytes(): number {
    return this.#wireBytes;
  }

  /** The highest ID that was ever taken. */
  get sent(): number {
    return this.#sent;
  }

  /** The highest ID that was acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Whether there is an event to take. */
  get hasWaiting(): boolean {
    return this.#taken < this.#entries.length;
  }

  /** Whether no event is unacknowledged. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Adds a message. */
  push(data: SocketData): void {
    // A message that is echoed is a slice of the text that a parser decoded: without a
    // copy, 30 characters would keep 15 KiB in memory until they are acknowledged.
    if (typeof data === "string") data = ownText(data);
    const event = toEvent(data);
    const size = byteLengthOf(data);
    this.#add(event, size, event.data === data ? size : undefined);
  }

  /** Adds the event that closes the socket. */
  pushClose(reason: CloseReason): void {
    this.#add({ event: CLOSE_EVENT, data: JSON.stringify(reason) }, 0);
  }

  /** Takes events in their order, at most `limit` bytes of them, but at least one event. */
  take(limit: number): ServerSentEventInit[] {
    const events: ServerSentEventInit[] = [];
    let left = limit;
    for (; this.#taken < this.#entries.length; this.#taken++) {
      // Cannot fail: the loop has compared the index.
      const { event, size, wireSize } = this.#entries[this.#taken]!;
      left -= wireSize;
      if (left < 0 && events.length > 0) break;
      events.push(event);
      this.#waitingBytes -= size;
    }
    this.#sent = Math.max(this.#sent, this.#acknowledged + this.#taken);
    return events;
  }

  /** Drops the events up to an ID. Returns whether all of them were taken. */
  acknowledge(id: number): boolean {
    // Not only the events that were taken since the last rewind: the other side may have
    // got more from an earlier stream than it has from this one.
    if (!(id <= this.#sent)) return false;
    const count = id - this.#acknowledged;
    if (count <= 0) return true;
    this.#entries.splice(0, count).forEach(({ size, wireSize }, index) => {
      this.#bytes -= size;
      this.#wireBytes -= wireSize;
      if (index >= this.#taken) this.#waitingBytes -= size;
    });
    this.#taken = Math.max(this.#taken - count, 0);
    this.#acknowledged = id;
    return true;
  }

  /** Lets all events that were not acknowledged be taken again. */
  rewind(): void {
    this.#taken = 0;
    this.#waitingBytes = this.#bytes;
  }

  /**
   * Lets all events after an ID be taken again. Returns whether that is possible: not if
   * that event was never taken, or if events after it were acknowledged and dropped.
   */
  resume(id: number): boolean {
    if (id < this.#acknowledged || !this.acknowledge(id)) return false;
    this.rewind();
    return true;
  }

  /** Drops the events that were never taken: the other side cannot have them. */
  dropUnsent(): void {
    const count = this.#sent - this.#acknowledged;
    for (const { size, wireSize } of this.#entries.splice(count)) {
      this.#bytes -= size;
      this.#wireBytes -= wireSize;
      this.#waitingBytes -= size;
    }
  }

  #add(
    event: ServerSentEventInit,
    size: number,
    dataSize = byteLengthOf(event.data ?? ""),
  ): void {
    event.id = this.#acknowledged + this.#entries.length + 1;
    const wireSize = dataSize + EVENT_OVERHEAD;
    this.#entries.push({ event, size, wireSize });
    this.#waitingBytes += size;
    this.#bytes += size;
    this.#wireBytes += wireSize;
  }
}
