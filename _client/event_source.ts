// Copyright 2026 the Tidings authors. MIT license.

import { EventStreamConnection } from "./connection.ts";
import type { ConnectOptions, EventSourceInit } from "./connection_options.ts";
import {
  CLOSED,
  CONNECTING,
  type ConnectionState,
  OPEN,
} from "./connection_state.ts";
import type { ServerSentEvent } from "../event.ts";
import { dispatchEvent } from "./dispatch_event.ts";
import { type EventHandler, EventHandlerSlot } from "./event_handler.ts";
import { EventSourceError } from "./event_source_error.ts";
import { SingleListeners } from "./single_listener.ts";
import { reportException } from "./report_exception.ts";
import { resolveUrl } from "./resolve_url.ts";
import { DirectMessageEvent } from "./direct_message_event.ts";
import { createTurnWaiter } from "./event_loop_turn.ts";

/** What an `EventSource` needs of its connection. */
export interface EventSourceConnection extends AsyncIterable<ServerSentEvent> {
  readonly url: string;
  readonly readyState: 0 | 1 | 2;
  close(): void;
}

/** The name of the method that makes the connection: a subclass makes another. */
export const MAKE_CONNECTION: unique symbol = Symbol();

/** The events of every {@linkcode EventSource}. */
export interface EventSourceEventMap {
  /** The connection is open. */
  open: Event;
  /** An event of the type `"message"`, the one without a name on the wire. */
  message: MessageEvent<string>;
  /**
   * The connection was lost. `readyState` tells what follows: `CONNECTING`, it
   * is going to be reestablished; `CLOSED`, it has failed for good.
   */
  error: Event;
}

/**
 * The standard's `EventSource`, with more options.
 *
 * It does what the
 * [WHATWG HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface)
 * says of a browser's and can take its place: `globalThis.EventSource = EventSource`.
 * Beside `http:` and `https:`, it reads what else `fetch` can, and fails for good on
 * what it cannot.
 *
 * What scripts cannot do remains. In a browser, and in Bun, `isTrusted` is false in
 * its events: it is a property of each event there that no class can change. In a
 * browser another origin must allow the header `Last-Event-ID` for a stream to be
 * resumed, and a refusal by CORS looks like a network error, so that it is tried
 * again, where the browser's own class fails for good. What the functions among the
 * options throw fails the connection, and is reported as an uncaught exception, as
 * it is for a listener.
 *
 * Each event comes in a task of its own where listeners may await something: what
 * they await is done before the next one. In Deno, Node.js and Bun a single listener
 * that returns no promise gets the events of a chunk one microtask after the other.
 *
 * @example Listen to events by name
 * ```ts
 * import { EventSource } from "@tidings/sse/client";
 * import { assertEquals } from "@std/assert";
 *
 * const ticks = new EventSource<{ tick: MessageEvent<string> }>(
 *   "https://example.com/ticks",
 *   {
 *     headers: { authorization: "Bearer 1234" },
 *     fetch: async () =>
 *       new Response("event: tick\ndata: 42\n\n", {
 *         headers: { "content-type": "text/event-stream" },
 *       }),
 *   },
 * );
 *
 * const data = await new Promise<string>((resolve) => {
 *   ticks.addEventListener("tick", (event) => resolve(event.data));
 * });
 * ticks.close();
 *
 * assertEquals(data, "42");
 * assertEquals(ticks.readyState, EventSource.CLOSED);
 * ```
 *
 * @typeParam Events The types of named events, beside those of every
 * `EventSource`.
 */
export class EventSource<Events extends object = EventSourceEventMap>
  extends EventTarget {
  /** The value of `readyState` while there is no connection, or not yet: 0. */
  declare static readonly CONNECTING: 0;
  /** The value of `readyState` while there is a connection: 1. */
  declare static readonly OPEN: 1;
  /** The value of `readyState` once the connection is closed: 2. */
  declare static readonly CLOSED: 2;
  /** The value of `readyState` while there is no connection, or not yet: 0. */
  declare readonly CONNECTING: 0;
  /** The value of `readyState` while there is a connection: 1. */
  declare readonly OPEN: 1;
  /** The value of `readyState` once the connection is closed: 2. */
  declare readonly CLOSED: 2;

  readonly #connection: EventSourceConnection;
  readonly #withCredentials: boolean;
  readonly #waitForTurn = createTurnWaiter();
  readonly #singleListeners = new SingleListeners();
  // Whether a listener to the last event may await something.
  #mustWaitForTurn = false;
  readonly #onopen = this.#createSlot("open");
  readonly #onmessage = this.#createSlot("message");
  readonly #onerror = this.#createSlot("error");
  // The origin of the stream's final URL; set when the connection opens.
  #origin = "";

  /**
   * Connects to an event stream.
   *
   * @param url Its URL, resolved against the document's base or `location`, where
   * there is one.
   * @param init How to connect.
   * @throws {DOMException} Named `"SyntaxError"` if the URL does not parse.
   * @throws {TypeError} If an argument or an option is of the wrong type.
   * @throws {RangeError} If an option is out of its range.
   */
  constructor(url: string | URL, init: EventSourceInit = {}) {
    super();
    if (arguments.length === 0) {
      throw new TypeError(
        "Cannot connect: there is no argument, a URL is wanted",
      );
    }
    // As Web IDL converts arguments: both first, then their meaning.
    const text = `${url}`;
    // Each is read once: a pattern with a rest reads one twice in Node 20.
    const options = { ...toDictionary(init) };
    this.#withCredentials = Boolean(options.withCredentials);
    this.#connection = this[MAKE_CONNECTION](resolveUrl(text), {
      ...options,
      withCredentials: this.#withCredentials,
      onStateChange: (state) => this.#onStateChange(state),
    });
    this.#run();
  }

  /** The URL that the requests go to, serialized. */
  get url(): string {
    return this.#connection.url;
  }

  /** Whether credentials go to other origins as well. */
  get withCredentials(): boolean {
    return this.#withCredentials;
  }

  /** `CONNECTING`, `OPEN` or `CLOSED`. */
  get readyState(): 0 | 1 | 2 {
    return this.#connection.readyState;
  }

  /** Is called when the connection is open. */
  get onopen(): EventHandler<Event> {
    return this.#onopen.get() as EventHandler<Event>;
  }

  set onopen(handler: EventHandler<Event>) {
    this.#onopen.set(handler);
  }

  /** Is called for each event of the type `"message"`. */
  get onmessage(): EventHandler<MessageEvent<string>> {
    return this.#onmessage.get() as EventHandler<MessageEvent<string>>;
  }

  set onmessage(handler: EventHandler<MessageEvent<string>>) {
    this.#onmessage.set(handler);
  }

  /** Is called when the connection was lost. */
  get onerror(): EventHandler<Event> {
    return this.#onerror.get() as EventHandler<Event>;
  }

  set onerror(handler: EventHandler<Event>) {
    this.#onerror.set(handler);
  }

  /** Closes the connection for good. No event is dispatched after that. */
  close(): void {
    this.#connection.close();
  }

  /**
   * Listens to a type of event.
   *
   * @param type The type, as the `event` field names it.
   * @param listener What is called.
   * @param options As of every `EventTarget`.
   */
  override addEventListener<
    K extends string & keyof (EventSourceEventMap & Events),
  >(
    type: K,
    listener: (
      this: this,
      event: (EventSourceEventMap & Events)[K],
    ) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  /**
   * Listens to a type of event that the map does not name.
   *
   * @param type The type, as the `event` field names it.
   * @param listener What is called.
   * @param options As of every `EventTarget`.
   */
  override addEventListener(
    type: string,
    listener:
      | ((this: this, event: MessageEvent) => unknown)
      | EventListenerObject
      | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    ...args: Parameters<EventTarget["addEventListener"]>
  ): void {
    // Web IDL converts it once. Too few arguments are the platform's to refuse.
    if (args.length > 1) args[0] = `${args[0]}`;
    super.addEventListener(...args);
    if (#singleListeners in this) this.#singleListeners.add(...args);
  }

  /**
   * Dispatches an event to those who listen.
   *
   * @param event The event.
   * @returns Whether no listener has prevented its default.
   * @throws {DOMException} Named `"InvalidStateError"` if it is being dispatched.
   */
  override dispatchEvent(event: Event): boolean {
    if (DirectMessageEvent.isDispatched(event)) {
      throw new DOMException(
        "Cannot dispatch event: it is being dispatched, another one is wanted",
        "InvalidStateError",
      );
    }
    return super.dispatchEvent(event);
  }

  /** @ignore Called by the constructor, before a subclass has its fields. */
  [MAKE_CONNECTION](
    url: string,
    options: ConnectOptions,
  ): EventSourceConnection {
    return new EventStreamConnection(url, options, true);
  }

  /** Spec: "Announce", "reestablish" or "fail the connection". */
  #onStateChange(state: ConnectionState): void {
    if (state.state === "open") {
      this.#origin = new URL(state.response.url).origin;
      this.#announce("open");
    } else if (state.error !== undefined) {
      this.#announce("error");
    }
  }

  #announce(type: string): void {
    const event = new Event(type);
    // Where the platform lets us say so.
    Reflect.defineProperty(event, "isTrusted", { value: true });
    this.#tell(event);
  }

  async #run(): Promise<void> {
    try {
      for await (const event of this.#connection) {
        // What a listener awaits comes before the next event, as between the
        // standard's tasks.
        if (this.#mustWaitForTurn) {
          await this.#waitForTurn();
          // A listener may have closed it.
          if (this.readyState === CLOSED) break;
        }
        this.#dispatch(event);
      }
    } catch (error) {
      // The rest has been told by an error event.
      if (error instanceof EventSourceError && error.reason === "local-error") {
        reportException(error.cause);
      }
    }
  }

  /** Spec: "Dispatch the event". */
  #dispatch({ event: type, data, lastEventId }: ServerSentEvent): void {
    const origin = this.#origin;
    const init = { data, lastEventId, origin };
    const event = new DirectMessageEvent(this, type, init);
    const listener = this.#singleListeners.find(this, type);
    if (listener === undefined) return this.#tell(event);
    // A promise is an object.
    this.#mustWaitForTurn = typeof event.callListener(listener) === "object";
  }

  #tell(event: Event): void {
    // The platform does not tell what the listeners return.
    this.#mustWaitForTurn = true;
    dispatchEvent(this, event);
  }

  #createSlot(type: string): EventHandlerSlot {
    return new EventHandlerSlot(
      this,
      type,
      addEventListener,
    );
  }
}

// Not the one of a subclass.
const { addEventListener } = EventSource.prototype;

// The type of a method that a class cannot declare, since it inherits it.
/** The types of the listeners. */
export interface EventSource<Events extends object = EventSourceEventMap> {
  /**
   * Stops listening to a type of event.
   *
   * @param type The type.
   * @param listener What was called.
   * @param options As of every `EventTarget`.
   */
  removeEventListener(
    type: string,
    listener:
      | ((this: this, event: MessageEvent) => unknown)
      | EventListenerObject
      | null,
    options?: boolean | EventListenerOptions,
  ): void;
}

// Web IDL: constants stand on the interface and on its prototype, and its members
// are enumerable.
const CONSTANTS = Object.fromEntries(
  Object.entries({ CONNECTING, OPEN, CLOSED }).map((
    [name, value],
  ) => [name, { value, enumerable: true }]),
);
Object.defineProperties(EventSource, CONSTANTS);
Object.defineProperties(EventSource.prototype, {
  ...CONSTANTS,
  url: { enumerable: true },
  withCredentials: { enumerable: true },
  readyState: { enumerable: true },
  onopen: { enumerable: true },
  onmessage: { enumerable: true },
  onerror: { enumerable: true },
  close: { enumerable: true },
  [Symbol.toStringTag]: { value: "EventSource", configurable: true },
});

function toDictionary(value: unknown): EventSourceInit {
  if (value === undefined || value === null) return {};
  if (typeof value === "object" || typeof value === "function") return value;
  throw new TypeError(
    `Cannot connect: the second argument is of type ${typeof value}, an object is wanted`,
  );
}
