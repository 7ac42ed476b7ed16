// Copyright 2026 the Tidings authors. MIT license.

/**
 * The standard's `EventSource`, over the connection that `connect()` uses too.
 *
 * @module
 */

import {
  PlatformEventTarget,
  PlatformMessageEvent,
} from "../_platform_class.ts";
import { EventStreamConnection } from "./connection.ts";
import type { ConnectOptions, EventSourceInit } from "./connection_options.ts";
import {
  CLOSED,
  CONNECTING,
  type ConnectionState,
  OPEN,
} from "./connection_state.ts";
import {
  type EventSourceConnection,
  MAKE_CONNECTION,
} from "./event_source_connection.ts";
import { DirectMessageEvent } from "./direct_message_event.ts";
import { dispatchEvent } from "./dispatch_event.ts";
import type { ServerSentEvent } from "../event.ts";
import { defineEventHandlers, type EventHandler } from "./event_handler.ts";
import { EventLoopTurn } from "./event_loop_turn.ts";
import type { EventSourceError } from "./event_source_error.ts";
import { ON_PAGE_CHANGE, type PageChange } from "./page_change.ts";
import type {
  EventSourceErrorEvent,
  EventSourceEventMap,
} from "./event_source_events.ts";
import { reportException } from "./report_exception.ts";
import { readEventSourceInit } from "./option_checks.ts";
import { resolveUrl } from "./resolve_url.ts";
import { isSingleListener } from "./single_listener.ts";
import { toObject } from "./to_object.ts";

/**
 * The standard's `EventSource`, with more options.
 *
 * It does what the
 * [WHATWG HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface)
 * says of a browser's class, and can replace it: `globalThis.EventSource = EventSource`.
 * It reads `http:`, `https:` and every other scheme that `fetch` reads; with any other
 * scheme it fails for good.
 *
 * Scripts cannot do all that a browser can:
 *
 * - In a browser, and in Bun, `isTrusted` is false in its events. It is a property of
 *   each event there, which no class can change.
 * - In a browser, another origin must allow the header `Last-Event-ID` for a stream to
 *   be resumed.
 * - A refusal by CORS looks like a network error and is tried again, where the browser's
 *   own class fails for good.
 *
 * Its `error` events have the members `status`, `message` and `error`, which say why the
 * connection was lost. Those of browsers' own classes do not.
 *
 * After a redirect, it reconnects to the URL where that led, by the standard. The `headers`
 * among the options do not go there if that is another origin. With another `method` than
 * GET, it asks its own URL again: a redirect may turn such a request into a GET.
 *
 * If a function among the options throws, the connection fails, and the error is
 * reported as an uncaught exception, as for a listener.
 *
 * Each event comes in a task of its own where listeners may await something: what
 * they await is done before the next event. In Deno, Node.js and Bun, a single listener
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
  extends PlatformEventTarget {
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

  /** The handler that is called when the connection is open. */
  declare onopen: EventHandler<Event>;
  /** The handler that is called for each event of the type `"message"`. */
  declare onmessage: EventHandler<MessageEvent<string>>;
  /** The handler that is called when the connection was lost. */
  declare onerror: EventHandler<EventSourceErrorEvent>;

  readonly #connection: EventSourceConnection;
  readonly #withCredentials: boolean;
  /** What was added last to each type, unless with an option. */
  readonly #listeners = new Map<string, unknown>();
  /** In which a listener to the last event may await something. */
  readonly #turn = new EventLoopTurn();
  /** The origin of the stream's final URL; set when the connection opens. */
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
    // Throws where there is no MessageEvent: later, each event would be lost.
    new PlatformMessageEvent("");
    if (arguments.length === 0) {
      throw new TypeError(
        "Cannot connect: expected a URL, got no argument",
      );
    }
    // Web IDL: both arguments are converted before either is checked.
    const text = `${url}`;
    const dictionary = toObject("connect", "init", "an object", init) ?? {};
    const options: ConnectOptions = readEventSourceInit(dictionary);
    this.#withCredentials = options.withCredentials = Boolean(
      options.withCredentials,
    );
    options.onStateChange = (state) => this.#onStateChange(state);
    this.#connection = this[MAKE_CONNECTION](
      resolveUrl(text),
      options,
      dictionary,
    );
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

  /** Closes the connection for good. No event is dispatched after that. */
  close(): void {
    this.#connection.close();
  }

  /**
   * Listens to a type of event.
   *
   * @param type The type, as the `event` field names it.
   * @param listener The function or object to call.
   * @param options The same as for every `EventTarget`.
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
   * @param listener The function or object to call.
   * @param options The same as for every `EventTarget`.
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
    // Web IDL converts both once. Deno would call `undefined` at each event. The platform
    // refuses too few arguments.
    if (args.length > 1) {
      args[0] = `${args[0]}`;
      args[1] = toObject(
        "listen to events",
        "listener",
        "a function",
        args[1],
      );
    }
    super.addEventListener(...args);
    const [type, listener, options] = args;
    if (#listeners in this) {
      this.#listeners.set(type, options ? undefined : listener);
    }
  }

  /**
   * Dispatches an event to its listeners.
   *
   * @param event The event.
   * @returns `false` if a listener has prevented the default.
   * @throws {DOMException} Named `"InvalidStateError"` if it is being dispatched.
   */
  override dispatchEvent(event: Event): boolean {
    // The platform does not know of a direct call of a listener.
    if (event.eventPhase) {
      throw new DOMException(
        "Cannot dispatch event: it is being dispatched",
        "InvalidStateError",
      );
    }
    return super.dispatchEvent(event);
  }

  /** @ignore Called by `followPage()`. */
  [ON_PAGE_CHANGE](change: PageChange): void {
    this.#connection[ON_PAGE_CHANGE](change);
  }

  /** @ignore Called by the constructor, before a subclass has its fields. */
  [MAKE_CONNECTION](
    url: string,
    options: ConnectOptions,
    _init: EventSourceInit,
  ): EventSourceConnection {
    return new EventStreamConnection(url, options);
  }

  /** Spec: "Announce", "reestablish" or "fail the connection". */
  #onStateChange(state: ConnectionState): void {
    if (state.state === "open") {
      this.#origin = new URL(state.response.url).origin;
      this.#dispatchByPlatform(new Event("open"));
    } else if (state.error) {
      const { error } = state;
      const { status, message } = error;
      this.#dispatchByPlatform(
        Object.assign(new Event("error"), { status, message, error }),
      );
    }
  }

  async #run(): Promise<void> {
    try {
      for await (const event of this.#connection) {
        // What a listener awaits is done before the next event, as the standard's
        // tasks have it.
        if (!this.#turn.isOver) {
          await this.#turn.wait();
          // A listener may have closed it.
          if (this.readyState === CLOSED) break;
        }
        this.#dispatch(event);
      }
    } catch (error) {
      // An error event has told of every other error.
      const { reason, cause } = error as Partial<EventSourceError>;
      if (reason === "local-error") reportException(cause);
    }
  }

  /** Spec: "Dispatch the event". */
  #dispatch({ event: type, data, lastEventId }: ServerSentEvent): void {
    const init = { data, lastEventId, origin: this.#origin };
    const listener = this.#listeners.get(type);
    if (isSingleListener(this, type, listener)) {
      const event = new DirectMessageEvent(this, type, init);
      // A promise is an object.
      if (typeof event.callListener(listener) === "object") this.#turn.begin();
    } else this.#dispatchByPlatform(new MessageEvent(type, init));
  }

  #dispatchByPlatform(event: Event): void {
    // Does nothing where the platform defines it on each event.
    Reflect.defineProperty(event, "isTrusted", { value: true });
    // The platform does not tell whether a listener returned a promise.
    this.#turn.begin();
    dispatchEvent(this, event);
  }
}

// The type of a method that a class cannot declare, since it inherits it.
/** The types of the listeners. */
export interface EventSource<Events extends object = EventSourceEventMap> {
  /**
   * Stops listening to a type of event.
   *
   * @param type The type.
   * @param listener The listener.
   * @param options The same as for every `EventTarget`.
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
const { prototype } = EventSource;
defineEventHandlers(prototype, ["open", "message", "error"]);
for (const name of ["url", "withCredentials", "readyState", "close"]) {
  Object.defineProperty(prototype, name, { enumerable: true });
}
for (const holder of [EventSource, prototype]) {
  Object.defineProperties(holder, {
    CONNECTING: { value: CONNECTING, enumerable: true },
    OPEN: { value: OPEN, enumerable: true },
    CLOSED: { value: CLOSED, enumerable: true },
  });
}
Object.defineProperty(prototype, Symbol.toStringTag, {
  value: "EventSource",
  configurable: true,
});
