// Copyright 2026 the Tidings authors. MIT license.

/**
 * The interface of a WebSocket as an `EventTarget`: its states, arguments and events. The
 * client's socket and the server's share it; a transport carries the messages.
 *
 * @module
 */

import {
  defineEventHandlers,
  type EventHandler,
} from "../_client/event_handler.ts";
import { PlatformEventTarget } from "../_platform_class.ts";
import { dispatchEvent } from "../_client/dispatch_event.ts";
import { toObject } from "../_client/to_object.ts";
import { createCloseEvent } from "./_close_event.ts";
import { type CloseFacts, toCloseReason } from "./_close_reason.ts";
import type { SocketEvents, Transport } from "./_transport.ts";
import { byteLengthOf, type SocketData } from "./_wire_format.ts";

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/**
 * Gives a socket its transport, once.
 *
 * @param socket The socket.
 * @param connect Makes the transport, which may call the events only after `connect` has
 * returned.
 */
export let setTransport: (
  socket: WebSocketLike,
  connect: (events: SocketEvents) => Transport,
) => void;

/**
 * The interface of `WebSocket`, as the
 * [standard](https://websockets.spec.whatwg.org/#the-websocket-interface) defines it,
 * whatever carries the messages.
 */
export class WebSocketLike extends PlatformEventTarget implements WebSocket {
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

  /** The handler that is called when the socket is open. */
  declare onopen: EventHandler<Event>;
  /** The handler that is called for each message. */
  declare onmessage: EventHandler<MessageEvent>;
  /** The handler that is called when the socket fails, before `onclose`. */
  declare onerror: EventHandler<Event>;
  /** The handler that is called when the socket is closed; nothing is called after it. */
  declare onclose: EventHandler<CloseEvent>;

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
  /** Set by setTransport(), right after the constructor. */
  #transport!: Transport;
  #readyState: 0 | 1 | 2 | 3 = CONNECTING;
  #protocol = "";
  #extensions = "";
  #binaryType: BinaryType = "blob";
  /**
   * Bytes that the transport does not know of: of blobs that are being read, and of
   * messages that were sent after close(), which are never subtracted.
   */
  #otherBytes = 0;
  /**
   * Settles when all blobs are read: messages that were sent after a blob wait for it.
   * Undefined while there is none.
   */
  #blobs: Promise<void> | undefined;

  /**
   * Makes a socket without a transport.
   *
   * @param url The URL; its origin is the origin of the messages.
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

  /** The subprotocol that the server has chosen; empty before that, and if there is none. */
  get protocol(): string {
    return this.#protocol;
  }

  /** The extensions of a WebSocket of the runtime; otherwise empty. */
  get extensions(): string {
    return this.#extensions;
  }

  /**
   * Bytes that were given to `send()` and have not gone to the network, of text as UTF-8.
   * Messages that are sent after `close()` count, and stay.
   */
  get bufferedAmount(): number {
    return this.#transport.bufferedAmount + this.#otherBytes;
  }

  /**
   * The type of the data of binary messages: `"blob"` or `"arraybuffer"`.
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

  /**
   * Sends a message. After `close()` the message is dropped without an error.
   *
   * @param data Text, or bytes, which are copied.
   * @throws {DOMException} Named `"InvalidStateError"` while connecting.
   */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.#readyState === CONNECTING) {
      throw new DOMException(
        "Cannot send message: expected the socket to be open, got one that is connecting",
        "InvalidStateError",
      );
    }
    if (isBlob(data)) this.#sendBlob(data);
    else this.#send(toSocketData(data));
  }

  /**
   * Begins the closing handshake. Messages that were sent before are still delivered, and
   * messages arrive until the event `close`.
   *
   * @param code 1000, or an integer from 3000 to 4999.
   * @param reason At most 123 bytes of UTF-8.
   * @throws {DOMException} Named `"InvalidAccessError"` if the code is another number, and
   * `"SyntaxError"` if the reason is longer.
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

  /** Sends a blob, or a message that must not overtake a blob. */
  #sendLater(byteLength: number, read: () => Promise<SocketData>): void {
    this.#otherBytes += byteLength;
    const data = read();
    // Until the messages before it are sent, a rejection would count as unhandled.
    data.catch(() => {});
    const blobs = (this.#blobs ?? Promise.resolve()).then(async () => {
      try {
        const message = await data;
        this.#otherBytes -= byteLength;
        this.#transport.send(message);
      } catch {
        // The file of a blob may be gone. Its message must not go missing silently.
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
    // Deviation: the standard drops messages that come after close() was called. Here they
    // arrive, as with Deno's own WebSocket: the other side sent them before it knew.
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
    // CLOSING". A message that is sent from now on would never arrive.
    if (this.#readyState < CLOSING) this.#readyState = CLOSING;
  }

  #end(facts: CloseFacts): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    if (!facts.wasClean) dispatchEvent(this, new Event("error"));
    dispatchEvent(this, createCloseEvent(facts));
  }

  /**
   * Adds a listener, as the interface describes.
   *
   * @param args The arguments of the method of `EventTarget`.
   * @throws {TypeError} If the listener is neither a function, an object nor `null`.
   */
  override addEventListener(
    ...args: Parameters<EventTarget["addEventListener"]>
  ): void {
    // Deno would call `undefined` at each event. The platform refuses too few arguments.
    if (args.length > 1) {
      const expected = "a function";
      args[1] = toObject("listen to events", "listener", expected, args[1]);
    }
    super.addEventListener(...args);
  }
}

// A class cannot declare overloads for methods that it inherits; an interface can.
/** The types of the events. */
export interface WebSocketLike {
  /**
   * Listens to an event.
   *
   * @param type `"open"`, `"message"`, `"error"` or `"close"`.
   * @param listener The function to call.
   * @param options The same as for every `EventTarget`.
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
   * @param listener The function that was added.
   * @param options The same as for every `EventTarget`.
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
defineEventHandlers(WebSocketLike.prototype, [
  "open",
  "message",
  "error",
  "close",
]);

/** Whether it is a `Blob`, which some runtimes lack. */
function isBlob(data: unknown): data is Blob {
  return typeof Blob === "function" && data instanceof Blob;
}

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
