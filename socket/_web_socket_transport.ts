// Copyright 2026 the Tidings authors. MIT license.

/**
 * The runtime's own WebSocket as what carries messages.
 *
 * @module
 */

import { tooLarge, tooMuch } from "./_protocol.ts";
import {
  ABNORMAL_CLOSURE,
  type CloseFacts,
  type CloseReason,
  type SocketEvents,
  type Transport,
} from "./_transport.ts";
import { byteLengthOf, type SocketData } from "./_wire_format.ts";

/** What a genuine WebSocket is held to. */
export interface WebSocketLimits {
  /** Bytes of a message that comes; beyond, the socket is closed with 1009. */
  maxMessageSize: number;
  /** Bytes that may wait; beyond, the socket is closed with 1013. */
  maxBuffered: number;
}

const NO_LIMITS: WebSocketLimits = {
  maxMessageSize: Infinity,
  maxBuffered: Infinity,
};

/** Messages over a genuine WebSocket. */
export class WebSocketTransport implements Transport {
  readonly #socket: WebSocket;
  readonly #events: SocketEvents;
  readonly #limits: WebSocketLimits;
  // How this side has closed it; Deno's server forgets what comes before it is open.
  #closing: CloseReason | undefined;

  /**
   * @param socket The WebSocket, which is still connecting.
   * @param events What the socket is told.
   * @param limits What it is held to; only a server's can be.
   */
  constructor(
    socket: WebSocket,
    events: SocketEvents,
    limits: WebSocketLimits = NO_LIMITS,
  ) {
    this.#socket = socket;
    this.#events = events;
    this.#limits = limits;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      if (this.#closing !== undefined) this.close(this.#closing);
      else events.open(socket.protocol, socket.extensions);
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason, wasClean }) => {
      // Deno says 0 where the standard says 1006.
      events.close({ code: code || ABNORMAL_CLOSURE.code, reason, wasClean });
    };
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

  /** Closes the socket for a reason that is not the application's. */
  end(reason: CloseReason): void {
    this.close(reason);
    this.#events.close({ ...reason, wasClean: false });
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

/**
 * Messages over a genuine WebSocket or, if it does not open in time, over another
 * transport.
 */
export class FallbackTransport implements Transport {
  #transport: Transport;
  readonly #fallBack: () => Transport;
  // Whether there is no going back: the socket was open, or is not wanted any more.
  #isDecided = false;
  #timer: ReturnType<typeof setTimeout>;

  /**
   * @param socket The WebSocket, which is still connecting.
   * @param timeout Milliseconds that it has to open.
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
    this.#timer = setTimeout(() => socket.close(), timeout);
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
    clearTimeout(this.#timer);
  }
}
