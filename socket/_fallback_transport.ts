// Copyright 2026 the Tidings authors. MIT license.

/**
 * The transport that tries the runtime's own WebSocket first, for the client's option
 * `webSocketTimeout`.
 *
 * @module
 */

import { startIdleTimer } from "../_idle_timer.ts";
import type { CloseFacts, CloseReason } from "./_close_reason.ts";
import type { SocketEvents, Transport } from "./_transport.ts";
import { WebSocketTransport } from "./_web_socket_transport.ts";
import type { SocketData } from "./_wire_format.ts";

/**
 * Carries messages over a WebSocket of the runtime or, if it does not open in time, over
 * another transport.
 */
export class FallbackTransport implements Transport {
  #transport: Transport;
  readonly #fallBack: () => Transport;
  /** Set once the transport stays: the WebSocket was open, or this side has closed it. */
  #isDecided = false;
  readonly #stopTimer: () => void;

  /**
   * @param socket The WebSocket, which is still connecting.
   * @param timeout Milliseconds in which it has to open.
   * @param events What the socket is told.
   * @param fallBack Makes the other transport.
   */
  constructor(
    socket: WebSocket,
    timeout: number,
    events: SocketEvents,
    fallBack: () => Transport,
  ) {
    this.#fallBack = fallBack;
    this.#transport = new WebSocketTransport(socket, {
      message: events.message,
      closing: events.closing,
      open: (protocol, extensions) => {
        this.#decide();
        events.open(protocol, extensions);
      },
      close: (facts) => this.#handleClose(facts, events),
    });
    this.#stopTimer = startIdleTimer(timeout, () => socket.close());
  }

  get bufferedAmount(): number {
    return this.#transport.bufferedAmount;
  }

  send(data: SocketData): void {
    this.#transport.send(data);
  }

  close(reason: CloseReason): void {
    this.#decide();
    this.#transport.close(reason);
  }

  fail(): void {
    this.#decide();
    this.#transport.fail();
  }

  #handleClose(facts: CloseFacts, events: SocketEvents): void {
    if (this.#isDecided) return events.close(facts);
    this.#decide();
    this.#transport = this.#fallBack();
  }

  #decide(): void {
    this.#isDecided = true;
    this.#stopTimer();
  }
}
