// Copyright 2026 the Tidings authors. MIT license.

/**
 * The transport over the runtime's own WebSocket: of the server for
 * `Upgrade: websocket`, and of the client by way of `_fallback_transport.ts`.
 *
 * @module
 */

import { startIdleTimer } from "../_idle_timer.ts";
import {
  ABNORMAL_CLOSURE,
  type CloseReason,
  REPLACED,
} from "./_close_reason.ts";
import { tooLarge, tooMuch } from "./_protocol.ts";
import type { SocketEvents, Transport } from "./_transport.ts";
import { byteLengthOf, type SocketData } from "./_wire_format.ts";

/** The limits of a WebSocket. */
export interface WebSocketLimits {
  /** Bytes of a message that comes; beyond, the socket is closed with 1009. */
  maxMessageSize: number;
  /** Bytes that may wait; beyond, the socket is closed with 1013. */
  maxBuffered: number;
  /** Milliseconds in which the WebSocket has to open; beyond, it is closed with 1006. */
  sessionTimeout: number;
}

const NO_LIMITS: WebSocketLimits = {
  maxMessageSize: Infinity,
  maxBuffered: Infinity,
  // The client's fallback has a timeout of its own.
  sessionTimeout: Infinity,
};

/** Carries messages over a WebSocket of the runtime. */
export class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  readonly #events: SocketEvents;
  readonly #limits: WebSocketLimits;
  /** How this side has closed it: Deno's server ignores a close before the socket is open. */
  #closing: CloseReason | undefined;
  /** Stops the timer that runs until the WebSocket opens or is closed. */
  readonly #stopTimer: () => void;

  /**
   * @param socket The WebSocket, which is still connecting.
   * @param events What the socket is told.
   * @param limits The limits; a client has none.
   * @param onEnd Called when the WebSocket is over, also if the socket was closed before.
   */
  constructor(
    socket: WebSocket,
    events: SocketEvents,
    limits: WebSocketLimits = NO_LIMITS,
    onEnd: () => void = () => {},
  ) {
    this.#socket = socket;
    this.#events = events;
    this.#limits = limits;
    socket.binaryType = "arraybuffer";
    // The runtime tells nothing of a WebSocket whose response was thrown away.
    this.#stopTimer = startIdleTimer(limits.sessionTimeout, () => {
      this.fail();
      onEnd();
    });
    socket.onopen = () => {
      this.#stopTimer();
      if (this.#closing !== undefined) this.close(this.#closing);
      else events.open(socket.protocol, socket.extensions);
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason, wasClean }) => {
      // Deno gives the code 0 where the standard gives 1006.
      events.close({ code: code || ABNORMAL_CLOSURE.code, reason, wasClean });
    };
    socket.addEventListener("close", () => {
      this.#stopTimer();
      onEnd();
    });
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(data: SocketData): void {
    this.#socket.send(data);
    const { maxBuffered } = this.#limits;
    if (this.bufferedAmount > maxBuffered) this.end(tooMuch(maxBuffered));
  }

  close({ code, reason }: CloseReason): void {
    this.#closing = { code, reason };
    if (code === 1005) this.#socket.close();
    else this.#socket.close(code, reason);
  }

  fail(): void {
    this.close({ code: 1005, reason: "" });
    this.#events.close(ABNORMAL_CLOSURE);
  }

  /** Closes the socket for a reason that the application did not give. */
  end(reason: CloseReason): void {
    this.close(reason);
    this.#events.close({ ...reason, wasClean: false });
  }

  /** Ends the socket of a request that is refused. */
  abandon(): void {
    this.#stopTimer();
    this.fail();
  }

  /** Closes the socket since a newer one takes its place. */
  replace(): void {
    this.end(REPLACED);
  }

  #receive(content: string | ArrayBuffer): void {
    const data = typeof content === "string"
      ? content
      : new Uint8Array(content);
    const { maxMessageSize } = this.#limits;
    if (byteLengthOf(data) > maxMessageSize) {
      this.end(tooLarge("message", maxMessageSize).closeReason);
    } else this.#events.message(data);
  }
}
