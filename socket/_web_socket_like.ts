// Copyright 2026 the Tidings authors. MIT license.

/**
 * The interface of a WebSocket without what carries its messages: states,
 * arguments, events. The client's socket and the server's share it.
 *
 * @module
 */

import {
  type EventHandler,
  EventHandlerSlot,
} from "../_client/event_handler.ts";
import { dispatchEvent } from "../_client/dispatch_event.ts";
import { createCloseEvent } from "./_close_event.ts";
import {
  type CloseFacts,
  type SocketEvents,
  toCloseReason,
  type Transport,
} from "./_transport.ts";
import { byteLengthOf, type SocketData } from "./_wire_format.ts";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/**
 * Gives a socket what carries its messages, once.
 *
 * @param socket The socket.
 * @param connect Makes it; none of the events that it is given may be told before
 * it has returned.
 */
export let setTransport: (
  socket: WebSocketLike,
  connect: (events: SocketEvents) => Transport,
) => void;

/**
 * What a `WebSocket` looks like from outside, as the
 * [standard](https://websockets.spec.whatwg.org/#the-websocket-interface) has it,
 * whatever carries the messages.
 */
export class WebSocketLike extends EventTarget implements WebSocket {
  /** The value of `readyState` until the socket is open: 0. */
  declare static readonly CONNECTING: 0;
  /** The value of `readyState` while messages can be sent: 1. */
  declare static readonly OPEN: 1;
  /** The value of `readyState` from the beginning of the closing handshake: 2. */
  declare static readonly CLOSING: 2;
  /** The value of `readyState` after the end: 3. */
  declare static readonly CLOSED: 3;
  /** The value of `readyState` until the socket is open: 0. */
  declare readonly CONNECTING: 0;
  /** The value of `readyState` while messages can be sent: 1. */
  declare readonly OPEN: 1;
  /** The value of `readyState` from the beginning of the closing handshake: 2. */
  declare readonly CLOSING: 2;
  /** The value of `readyState` after the end: 3. */
  declare readonly CLOSED: 3;

  static {
    setTransport = (socket, connect) => {
      socket.#transport = connect({
        open: (protocol, extensions = "") => socket.#open(protocol, extensions),
        message: (data) => socket.#receive(data),
        closing: () => socket.#startClosing(),
        close: (facts) => socket.#end(facts),
      });
    };
  }

  readonly #url: string;
  readonly #origin: string;
  readonly #onopen = new EventHandlerSlot(this, "open");
  readonly #onmessage = new EventHandlerSlot(this, "message");
  readonly #onerror = new EventHandlerSlot(this, "error");
  readonly #onclose = new EventHandlerSlot(this, "close");
  // Set by setTransport(), right after the constructor.
  #transport!: Transport;
  #readyState: 0 | 1 | 2 | 3 = CONNECTING;
  #protocol = "";
  #extensions = "";
  #binaryType: BinaryType = "blob";
  // Bytes that the transport does not know of: of blobs that are being read, and
  // of what was sent too late, which stay for ever.
  #otherBytes = 0;
  // Settles when all blobs are read, which what was sent after them waits for;
  // undefined while there is none.
  #blobs: Promise<void> | undefined;

  /**
   * Makes a socket, which nothing carries yet.
   *
   * @param url What `url` gives, and whose origin its messages have.
   */
  constructor(url: URL) {
    super();
    this.#url = url.href;
    this.#origin = `${url.protocol}//${url.host}`;
  }

  /** The URL, with the scheme `ws` or `wss`. */
  get url(): string {
    return this.#url;
  }

  /** `CONNECTING`, `OPEN`, `CLOSING` or `CLOSED`. */
  get readyState(): 0 | 1 | 2 | 3 {
    return this.#readyState;
  }

  /** The subprotocol that the server has chosen; empty before that, and if none. */
  get protocol(): string {
    return this.#protocol;
  }

  /** The extensions of a genuine WebSocket; otherwise empty. */
  get extensions(): string {
    return this.#extensions;
  }

  /**
   * Bytes that `send()` has taken and the network has not, of text as UTF-8. What
   * is sent after `close()` counts and stays.
   */
  get bufferedAmount(): number {
    return this.#transport.bufferedAmount + this.#otherBytes;
  }

  /**
   * What binary messages arrive as: `"blob"` or `"arraybuffer"`.
   *
   * @default {"blob"} at the client, `"arraybuffer"` at the server.
   */
  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    // Web IDL: another value is ignored.
    if (type === "blob" || type === "arraybuffer") this.#binaryType = type;
  }

  /** Is called when the socket is open. */
  get onopen(): EventHandler<Event> {
    return this.#onopen.get() as EventHandler<Event>;
  }

  set onopen(handler: EventHandler<Event>) {
    this.#onopen.set(handler);
  }

  /** Is called for each message. */
  get onmessage(): EventHandler<MessageEvent> {
    return this.#onmessage.get() as EventHandler<MessageEvent>;
  }

  set onmessage(handler: EventHandler<MessageEvent>) {
    this.#onmessage.set(handler);
  }

  /** Is called when the socket fails, before `onclose`. */
  get onerror(): EventHandler<Event> {
    return this.#onerror.get() as EventHandler<Event>;
  }

  set onerror(handler: EventHandler<Event>) {
    this.#onerror.set(handler);
  }

  /** Is called when the socket is closed, as the last of all. */
  get onclose(): EventHandler<CloseEvent> {
    return this.#onclose.get() as EventHandler<CloseEvent>;
  }

  set onclose(handler: EventHandler<CloseEvent>) {
    this.#onclose.set(handler);
  }

  /**
   * Sends a message. Once `close()` was called it is dropped, without an error.
   *
   * @param data Text, or bytes, which are copied.
   * @throws {DOMException} Named `"InvalidStateError"` while connecting.
   */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.#readyState === CONNECTING) {
      throw new DOMException(
        "Cannot send message: the socket is connecting, an open one is wanted",
        "InvalidStateError",
      );
    }
    if (data instanceof Blob) this.#sendBlob(data);
    else this.#send(toSocketData(data));
  }

  /**
   * Begins the closing handshake: what was sent before still goes, and messages
   * arrive until the event `close`.
   *
   * @param code 1000, or an integer from 3000 to 4999.
   * @param reason At most 123 bytes of UTF-8.
   * @throws {DOMException} Named `"InvalidAccessError"` if the code is another
   * one, and `"SyntaxError"` if the reason is longer.
   */
  close(code?: number, reason?: string): void {
    const facts = toCloseReason(code, reason);
    if (this.#readyState >= CLOSING) return;
    this.#readyState = CLOSING;
    if (this.#blobs === undefined) this.#transport.close(facts);
    else this.#blobs.then(() => this.#transport.close(facts));
  }

  #send(data: SocketData): void {
    if (this.#readyState !== OPEN) {
      this.#otherBytes += byteLengthOf(data);
    } else if (this.#blobs === undefined) {
      this.#transport.send(data);
    } else {
      this.#sendLater(byteLengthOf(data), () => Promise.resolve(data));
    }
  }

  #sendBlob(blob: Blob): void {
    if (this.#readyState !== OPEN) this.#otherBytes += blob.size;
    else {
      this.#sendLater(
        blob.size,
        async () => new Uint8Array(await blob.arrayBuffer()),
      );
    }
  }

  /** Sends what has to be read, or must not overtake what has to be. */
  #sendLater(byteLength: number, read: () => Promise<SocketData>): void {
    this.#otherBytes += byteLength;
    const data = read();
    // It is looked at when its turn comes, which must not be too late.
    data.catch(() => {});
    const blobs = (this.#blobs ?? Promise.resolve()).then(async () => {
      try {
        const message = await data;
        this.#otherBytes -= byteLength;
        this.#transport.send(message);
      } catch {
        // A file may be gone. Its message cannot be left out silently.
        this.#transport.fail();
      }
      if (this.#blobs === blobs) this.#blobs = undefined;
    });
    this.#blobs = blobs;
  }

  #open(protocol: string, extensions: string): void {
    if (this.#readyState !== CONNECTING) return;
    this.#readyState = OPEN;
    this.#protocol = protocol;
    this.#extensions = extensions;
    dispatchEvent(this, new Event("open"));
  }

  #receive(message: SocketData): void {
    // Deviation: the standard drops what comes after close() was called. Here it
    // arrives, as with Deno's own WebSocket: the other side sent it in good faith.
    if (this.#readyState === CLOSED) return;
    const data = typeof message === "string"
      ? message
      : this.#binaryType === "blob"
      ? new Blob([message])
      : message.buffer;
    const origin = this.#origin;
    dispatchEvent(this, new MessageEvent("message", { data, origin }));
  }

  #startClosing(): void {
    // Spec: "When the WebSocket closing handshake is started", "change the ready state to
    // CLOSING". What is sent from now on would never arrive.
    if (this.#readyState < CLOSING) this.#readyState = CLOSING;
  }

  #end(facts: CloseFacts): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    if (!facts.wasClean) dispatchEvent(this, new Event("error"));
    dispatchEvent(this, createCloseEvent(facts));
  }
}

// The types of addEventListener() by event, which a class cannot declare for
// methods that it inherits.
/** The types of the events. */
export interface WebSocketLike {
  /**
   * Listens to an event.
   *
   * @param type `"open"`, `"message"`, `"error"` or `"close"`.
   * @param listener What is called.
   * @param options As of every `EventTarget`.
   */
  addEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, event: WebSocketEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /** Listens to an event, by any name. */
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /**
   * Stops listening to an event.
   *
   * @param type The event.
   * @param listener What was called.
   * @param options As of every `EventTarget`.
   */
  removeEventListener<K extends keyof WebSocketEventMap>(
    type: K,
    listener: (this: WebSocket, event: WebSocketEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  /** Stops listening to an event, by any name. */
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

// Web IDL: constants stand on the interface and on its prototype.
const CONSTANTS = Object.fromEntries(
  Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED }).map((
    [name, value],
  ) => [name, { value, enumerable: true }]),
);
Object.defineProperties(WebSocketLike, CONSTANTS);
Object.defineProperties(WebSocketLike.prototype, CONSTANTS);

function toSocketData(
  data: string | ArrayBufferLike | ArrayBufferView,
): SocketData {
  if (ArrayBuffer.isView(data)) {
    const { buffer, byteOffset, byteLength } = data;
    return new Uint8Array(buffer, byteOffset, byteLength).slice();
  }
  if (
    data instanceof ArrayBuffer ||
    typeof SharedArrayBuffer === "function" && data instanceof SharedArrayBuffer
  ) {
    return new Uint8Array(data).slice();
  }
  // Web IDL: anything else is converted to a string of Unicode scalar values.
  return `${data}`.toWellFormed();
}
