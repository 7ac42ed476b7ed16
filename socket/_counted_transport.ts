// Copyright 2026 the Tidings authors. MIT license.

/**
 * Counts what the sockets of a server do. `serveSocket()` puts it between each socket and
 * its transport.
 *
 * @module
 */

import type { StreamTally } from "../_server/stream_counters.ts";
import type { CloseReason } from "./_close_reason.ts";
import type { SocketEvents, Transport } from "./_transport.ts";
import { byteLengthOf, type SocketData } from "./_wire_format.ts";

/** A transport whose messages are counted. */
export class CountedTransport implements Transport {
  readonly #transport: Transport;
  readonly #tally: StreamTally;

  /**
   * @param transport The transport that carries the messages.
   * @param tally Counts them.
   */
  constructor(transport: Transport, tally: StreamTally) {
    this.#transport = transport;
    this.#tally = tally;
  }

  get bufferedAmount(): number {
    return this.#transport.bufferedAmount;
  }

  send(data: SocketData): void {
    this.#tally.delivered++;
    this.#tally.bytes += byteLengthOf(data);
    this.#transport.send(data);
  }

  close(reason: CloseReason): void {
    this.#transport.close(reason);
  }

  fail(): void {
    this.#transport.fail();
  }
}

/** Counts when a socket opens, and with which code it is closed. */
export function countEvents(
  events: SocketEvents,
  tally: StreamTally,
): SocketEvents {
  let isOpen = false;
  return {
    open(protocol, extensions) {
      if (!isOpen) tally.opened++;
      isOpen = true;
      events.open(protocol, extensions);
    },
    message: (data) => events.message(data),
    closing: () => events.closing(),
    close(facts) {
      // A second call must not count twice: the socket ignores it as well. A socket that never
      // opened counts neither as opened nor as closed.
      if (isOpen) tally.countEnd(facts.code);
      isOpen = false;
      events.close(facts);
    },
  };
}
