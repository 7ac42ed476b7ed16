// Copyright 2026 the Tidings authors. MIT license.

/**
 * The connection under `connect()` and `EventSource`: it reads events as they are asked
 * for, and reestablishes itself when it is lost.
 *
 * @module
 */

import { findTimeout, listenForAbort } from "../_abort.ts";
import { type Clock, SYSTEM_CLOCK } from "../_clock.ts";
import { ConnectionAttempt } from "./connection_attempt.ts";
import {
  type ConnectOptions,
  getMethod,
  isRepeatable,
} from "./connection_options.ts";
import {
  CLOSED,
  CONNECTING,
  type ConnectionResponse,
  OPEN,
} from "./connection_state.ts";
import type { ServerSentEvent } from "../event.ts";
import { asEventSourceError } from "./as_event_source_error.ts";
import type { findEndFault } from "./end_fault.ts";
import { EventSourceError } from "./event_source_error.ts";
import { assertOptions } from "./option_checks.ts";
import { ON_PAGE_CHANGE, type PageChange } from "./page_change.ts";
import { DONE, EventQueue } from "../_parser/event_queue.ts";
import { assertBytes } from "../_parser/assert_bytes.ts";
import {
  Interpreter,
  type InterpreterOptions,
  type StreamState,
} from "../_parser/interpreter.ts";
import { settleWithin } from "../_parser/settle_within.ts";
import { DEFAULT_MAX_EVENT_SIZE } from "../_parser/sizes.ts";
import { TAKE_EVENT } from "../_parser/take_event.ts";
import { MAX_DELAY } from "../_validate.ts";
import { type MakeUrl, RequestUrl } from "./request_url.ts";
import { Reconnection } from "./reconnection.ts";

/**
 * One lasting subscription, as an async iterator of its events. It connects by itself,
 * but reads the response only while calls of `next()` wait, and one chunk ahead: this
 * back-pressure slows a server down that sends faster than the events are used. A lost
 * connection is noticed, and reestablished, once all of its events were handed out.
 *
 * All iterations share the events, and ending one closes the connection.
 */
export class EventStreamConnection
  implements
    AsyncIterableIterator<ServerSentEvent, undefined>,
    AsyncDisposable {
  readonly #url: RequestUrl;
  readonly #options: ConnectOptions;
  readonly #findEndFault: typeof findEndFault | undefined;
  /** Whether the defaults are those of a browser. */
  readonly #isStandard: boolean;
  readonly #clock: Clock;
  readonly #parserOptions: InterpreterOptions;
  /** Of one response; the next one takes the last event ID and reconnection time over. */
  #interpreter!: Interpreter;
  readonly #queue = new EventQueue(({ lastEventId }) => {
    this.#lastEventId = lastEventId;
  });
  #readyState: 0 | 1 | 2 = CONNECTING;
  #attempt: ConnectionAttempt | undefined;
  #response: ConnectionResponse | undefined;
  /**
   * The last event ID if there is none: that of the headers, until a stream was open, unless
   * the options have an ID, if only an empty one.
   */
  #noLastEventId: "" | undefined;
  readonly #reconnection: Reconnection;
  /** Ends the wait before the next attempt, if there is one. */
  #endWait: (() => void) | undefined;
  /** As of the event that was handed out last, while others are left of its chunk. */
  #lastEventId = "";
  /** What the parser or onComment threw; it counts once the events before are handed out. */
  #parserError: unknown;
  #running = false;
  /** Whether `followPage()` has paused the connection. */
  #isPaused = false;
  /** Tells `followPage()` of the end; set while it follows. */
  #onClose: (() => void) | undefined;
  /** Stops listening to the signal of the options. */
  readonly #stopListening: () => void;

  /**
   * Connects, as `connect()` does.
   *
   * @param url The URL that the requests go to, absolute, or a function that makes it.
   * @param options How to connect: a plain object that nobody changes.
   * @param findFault Looks why a body has ended. Left out, all defaults are those of a
   * browser: no status is transient either, and every wait is the reconnection time.
   */
  constructor(
    url: string | MakeUrl,
    options: ConnectOptions,
    findFault?: typeof findEndFault,
  ) {
    assertOptions(options);
    this.#url = new RequestUrl(url);
    this.#options = options;
    this.#findEndFault = findFault;
    this.#isStandard = !findFault;
    this.#reconnection = new Reconnection(options, this.#isStandard);
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#parserOptions = {
      onEvent: (event) => this.#queue.push(event),
      onComment: options.onComment &&
        ((text) =>
          this.#queue.defer(() => {
            try {
              // Cannot fail: the parser has this function only if there is an onComment.
              options.onComment!(text);
            } catch (error) {
              // What follows in the chunk is as if it had not come.
              this.#interpreter.lastEventId = this.lastEventId;
              this.#queue.clear();
              this.#parserError = error;
            }
          })),
      maxEventSize: options.maxEventSize ?? DEFAULT_MAX_EVENT_SIZE,
      makeError: (message) => new EventSourceError("event-too-large", message),
    };
    const { lastEventId } = options;
    this.#noLastEventId = lastEventId && "";
    this.#resetParser({ lastEventId: lastEventId ?? "" });
    const { signal } = options;
    const onAbort = (): void => {
      // Cannot fail: there is a signal, which was aborted.
      this.#close(undefined, findTimeout(signal!));
    };
    this.#stopListening = listenForAbort(signal, onAbort);
    // Not at once: a callback that uses the connection would run before the caller has it.
    queueMicrotask(signal?.aborted ? onAbort : () => this.#run());
  }

  /**
   * The URL that the requests go to. If a function makes it, the URL of the last request,
   * and at first empty.
   */
  get url(): string {
    return this.#url.given;
  }

  /** 0 while connecting or waiting to reconnect, 1 while open, 2 once closed. */
  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  /**
   * The last event ID as of the events that were handed out: the one to resume
   * from if the program ends here.
   */
  get lastEventId(): string {
    // After the last event, blocks without data may have set another ID.
    return this.#queue.isEmpty
      ? this.#interpreter.lastEventId
      : this.#lastEventId;
  }

  /** The response that is being read, `undefined` while the connection is not open. */
  get response(): ConnectionResponse | undefined {
    return this.#response;
  }

  /**
   * Ends the connection for good. Events that were not handed out yet are dropped, and
   * calls of `next()` that wait are done.
   */
  readonly close = (): void => this.#close();

  /**
   * Drops the connection and reestablishes it without the usual wait; a wait that is
   * under way ends. No event is lost: the events that have come are handed out first,
   * and the server is told the last event ID.
   */
  reconnect(): void {
    this.#endWait?.();
    this.#drop();
  }

  /** @ignore Called by `followPage()`. */
  [ON_PAGE_CHANGE](change: PageChange): void {
    const { isPaused, isBack, staleAfter, onClose } = change;
    if (this.#readyState === CLOSED) return onClose?.();
    this.#onClose = onClose;
    // What is not safe to repeat, such as a POST, is not sent again for a page.
    if (isRepeatable(this.#options)) {
      this.#isPaused = isPaused;
      if (isPaused || this.#attempt?.isSilent(staleAfter)) this.#drop();
    }
    if (isBack) {
      this.#reconnection.attempts = 0;
      this.#endWait?.();
    }
  }

  /**
   * Waits for the next event.
   *
   * @returns The event, or the end.
   * @throws {EventSourceError} Once, if the connection failed for good; from then on the
   * iteration is done.
   */
  next(): Promise<IteratorResult<ServerSentEvent, undefined>> {
    const result = this.#queue.next();
    if (this.#queue.hasRequests) this.#run();
    return result;
  }

  /** @ignore Called by `checkEvents()`. */
  [TAKE_EVENT](): ServerSentEvent | undefined {
    return this.#queue.take();
  }

  /** Closes the connection, as `break` in a `for await` loop does. */
  return(): Promise<IteratorReturnResult<undefined>> {
    this.close();
    return Promise.resolve(DONE);
  }

  /**
   * Closes the connection, as `return()` does. `toTransformStream()` of `@std/streams`
   * calls it where its reader leaves.
   *
   * @throws {unknown} The error it is given.
   */
  throw(error?: unknown): Promise<IteratorReturnResult<undefined>> {
    this.close();
    return Promise.reject(error);
  }

  /** Closes the connection at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** Returns the connection itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  #drop(): void {
    this.#attempt?.drop(
      new EventSourceError(
        "reconnect",
        "Cannot read event stream: this side ended it to reconnect",
      ),
    );
  }

  /** Connects, and reads while calls of `next()` wait. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      // Once closed, it has answered all requests.
      while (this.#readyState === CONNECTING || this.#queue.hasRequests) {
        try {
          if (this.#parserError !== undefined) throw this.#parserError;
          if (this.#readyState === OPEN) {
            // Cannot fail: it is open.
            this.#parse(await this.#attempt!.read());
            // The end of the pause ends it.
          } else if (this.#isPaused) await this.#wait(MAX_DELAY);
          else await this.#open();
        } catch (error) {
          await this.#reestablish(asEventSourceError(error, this.#url.last));
        }
        this.#queue.answer();
      }
    } catch (error) {
      // A callback threw. If it was told that the connection is closed, there is nothing
      // left to fail: the runtime reports the error.
      if (this.#readyState === CLOSED) throw error;
      this.#close(asEventSourceError(error, this.#url.last));
    } finally {
      this.#running = false;
    }
  }

  async #open(): Promise<void> {
    this.#attempt = new ConnectionAttempt(this.#options, this.#clock);
    const opened = await this.#attempt.open(
      this.#url,
      // A header of the user's counts until the server has the word: it may reset the ID.
      this.#interpreter.lastEventId || this.#noLastEventId,
      // A browser does not wait for a refusal's body; shouldReconnect may look at it.
      !this.#isStandard || this.#options.shouldReconnect !== undefined,
    );
    // A close() in between has dropped the attempt as well.
    if (this.#readyState === CLOSED) return;
    // Drops an event that the end of the response before cut off.
    this.#resetParser();
    this.#reconnection.openedAt = this.#clock.now();
    // A response that did not come from the network has no URL.
    const { status, headers, url } = opened;
    const response = { status, headers, url: url || this.#url.last };
    // After a 303, a QUERY has become a GET, and is not to be sent there.
    const isGet = /^get$/i.test(getMethod(this.#options));
    if (opened.redirected && this.#isStandard && isGet) {
      this.#url.redirected = url;
    }
    this.#response = response;
    this.#noLastEventId = "";
    // Spec: "Announce the connection".
    this.#readyState = OPEN;
    this.#options.onStateChange?.({ state: "open", response });
  }

  /** @param chunk The next chunk, `undefined` if the body has ended. */
  #parse(chunk: Uint8Array | undefined): void {
    if (this.#readyState === CLOSED) return;
    if (!chunk) {
      // Cannot fail: it is open.
      const fault = this.#findEndFault?.(this.#interpreter, this.#response!);
      throw fault ?? new EventSourceError(
        "end",
        "Cannot read event stream: the server ended it",
      );
    }
    this.#lastEventId = this.#interpreter.lastEventId;
    try {
      assertBytes("read event stream", chunk);
      this.#interpreter.push(chunk);
    } catch (error) {
      this.#parserError = error;
    }
    if (this.#interpreter.hasEvents) this.#reconnection.attempts = 0;
  }

  /** Makes the parser of the next response. */
  #resetParser(before: StreamState = this.#interpreter): void {
    this.#interpreter = new Interpreter(this.#parserOptions, before);
  }

  /** Spec: "Reestablish the connection", or "fail the connection". */
  async #reestablish(error: EventSourceError): Promise<void> {
    if (this.#readyState === CLOSED) return;
    this.#parserError = undefined;
    this.#response = undefined;
    this.#attempt?.drop(error);
    const disconnection = this.#reconnection.decide(
      error,
      this.#clock.now(),
      this.#interpreter.reconnectionTime,
    );
    if (!disconnection) return this.#close(error);
    // shouldReconnect may have called close().
    if (this.readyState === CLOSED) return;
    this.#readyState = CONNECTING;
    // The wait begins before the callback: its reconnect() has to end the wait.
    const wait = this.#wait(disconnection.delay);
    this.#options.onStateChange?.({ state: "reconnecting", ...disconnection });
    await wait;
  }

  #wait(delay: number): Promise<unknown> {
    const ended = new Promise<void>((resolve) => this.#endWait = resolve);
    return settleWithin(ended, delay, this.#clock);
  }

  /**
   * @param error Why the connection failed, `undefined` if this side closes it.
   * @param failure What the iteration throws in that case.
   */
  #close(
    error?: EventSourceError,
    failure?: { error: unknown } | undefined,
  ): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    this.#response = undefined;
    // The connection may be kept for long. Events that were not handed out do not count.
    this.#resetParser(this);
    this.#queue.clear();
    this.#stopListening();
    this.#onClose?.();
    this.#endWait?.();
    this.#attempt?.drop(error);
    // The server said that there is no more: that is no failure.
    const isFailure = error &&
      (this.#reconnection.hasGivenUp ||
        !/^(end|no-content)$/.test(error.reason));
    this.#queue.end(isFailure ? { error } : failure);
    this.#options.onStateChange?.({ state: "closed", error });
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventStreamConnection";
  }
}
