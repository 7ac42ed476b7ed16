// Copyright 2026 the Tidings authors. MIT license.

import { ConnectionAttempt } from "./connection_attempt.ts";
import { drawDelay } from "./backoff.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { assertOptions, type ConnectOptions } from "./connection_options.ts";
import {
  CLOSED,
  CONNECTING,
  type ConnectionResponse,
  type Disconnection,
  OPEN,
} from "./connection_state.ts";
import type { ServerSentEvent } from "../event.ts";
import { EventSourceError } from "./event_source_error.ts";
import { getRetryAfter, isFinal, isPassing } from "./reconnection.ts";
import { EventStreamError } from "../_parser/event_stream_error.ts";
import { DEFAULT_MAX_EVENT_SIZE, Interpreter } from "../_parser/interpreter.ts";
import { TextWindows } from "../_parser/text_windows.ts";

const DEFAULT_RECONNECTION_TIME = 3000;
const DEFAULT_HEALTHY_AFTER = 5000;
const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** A call of `next()` that waits for an event. */
interface Waiter {
  resolve(result: IteratorResult<ServerSentEvent, undefined>): void;
  reject(reason: unknown): void;
}

/**
 * One lasting subscription, as an async iterator of its events. It connects by
 * itself, but the response is read only as calls of `next()` wait, and one chunk
 * ahead: the consumer's pace reaches the socket. So a lost connection is noticed,
 * and reestablished, once all of its events were handed out.
 *
 * All iterations draw from the same events, and ending one closes the connection.
 */
export class EventStreamConnection
  implements
    AsyncIterableIterator<ServerSentEvent, undefined>,
    AsyncDisposable {
  /** The URL that the requests go to. */
  readonly url: string;
  readonly #options: ConnectOptions;
  readonly #isStandard: boolean;
  readonly #clock: Clock;
  readonly #parser: Interpreter;
  readonly #windows: TextWindows;
  #readyState: 0 | 1 | 2 = CONNECTING;
  #attempt: ConnectionAttempt | undefined;
  // Set while the connection is open.
  #response: ConnectionResponse | undefined;
  #openedAt = 0;
  // Attempts since the last healthy connection.
  #attempts = 0;
  // Ends the wait before the next attempt; set while there is one.
  #endWait: (() => void) | undefined;
  // The events of the last chunk, and which of them is the next to hand out.
  #batch: ServerSentEvent[] = [];
  #next = 0;
  // As of the events that were handed out: the parser may be ahead.
  #lastEventId: string;
  // What the parser threw; due once the batch is handed out.
  #parserError: unknown;
  // What the iteration has to throw at its end, until it did.
  #failure: EventSourceError | undefined;
  #waiters: Waiter[] = [];
  #running = false;

  /**
   * Connects, as `connect()` does.
   *
   * @param url The URL that the requests go to, absolute.
   * @param given How to connect; read once.
   * @param isStandard Whether defaults are those of a browser: no status is tried
   * again, and every wait is the reconnection time.
   */
  constructor(url: string, given: ConnectOptions, isStandard = false) {
    const options = { ...given };
    assertOptions(options);
    this.url = url;
    this.#options = options;
    this.#isStandard = isStandard;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    const {
      lastEventId = "",
      maxEventSize = DEFAULT_MAX_EVENT_SIZE,
      onComment,
    } = options;
    this.#parser = new Interpreter({
      onEvent: (event) => this.#batch.push(event),
      onComment,
      lastEventId,
      maxEventSize,
    });
    this.#windows = new TextWindows(this.#parser);
    this.#lastEventId = this.#parser.lastEventId;
    options.signal?.addEventListener("abort", this.close);
    // Not at once: no callback may come before the caller holds this object.
    Promise.resolve().then(() => this.#run());
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
    return this.#lastEventId;
  }

  /** The response that is being read, `undefined` while the connection is not open. */
  get response(): ConnectionResponse | undefined {
    return this.#response;
  }

  /**
   * Ends the connection for good. Events that were not handed out yet are
   * dropped, and those who wait for one learn that there are no more.
   */
  readonly close = (): void => this.#close(undefined);

  /**
   * Drops the connection and reestablishes it without the usual wait; a wait
   * that is under way ends. No event is lost: those of before are handed out
   * first, and the server is told the last event ID.
   */
  reconnect(): void {
    this.#endWait?.();
    this.#attempt?.drop(
      new EventSourceError(
        "reconnect",
        "Cannot read event stream: reconnect() was called, a new one is wanted",
      ),
    );
  }

  /**
   * Waits for the next event.
   *
   * @throws {EventSourceError} If the connection failed for good; once, from then
   * on the iteration is done.
   */
  next(): Promise<IteratorResult<ServerSentEvent, undefined>> {
    // Those who wait come first, even in the middle of a chunk.
    if (this.#waiters.length === 0 && this.#next < this.#batch.length) {
      return Promise.resolve(this.#takeEvent());
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#answer();
      this.#run();
    });
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

  /** Returns this very object. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  #takeEvent(): IteratorYieldResult<ServerSentEvent> {
    // Cannot fail: the callers have compared #next with the batch.
    const value = this.#batch[this.#next++]!;
    // After the last event, blocks without data may have set another id.
    this.#lastEventId = this.#next === this.#batch.length
      ? this.#parser.lastEventId
      : value.lastEventId;
    return { done: false, value };
  }

  /** Answers those who wait, in their order, as far as there is an answer. */
  #answer(): void {
    while (this.#waiters.length > 0) {
      const hasEvent = this.#next < this.#batch.length;
      if (!hasEvent && this.#readyState !== CLOSED) return;
      // Cannot fail: the loop has looked at the length.
      const { resolve, reject } = this.#waiters.shift()!;
      if (hasEvent) {
        resolve(this.#takeEvent());
      } else if (this.#failure === undefined) {
        resolve(DONE);
      } else {
        reject(this.#failure);
        this.#failure = undefined;
      }
    }
  }

  /** Connects, and reads while somebody waits for an event. */
  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (
        this.#readyState === CONNECTING ||
        (this.#readyState === OPEN && this.#waiters.length > 0)
      ) {
        await this.#step();
        this.#answer();
      }
    } catch (error) {
      // A callback threw. One that did so when it heard that the connection is
      // closed leaves nothing to fail, so its error goes to the runtime.
      if (this.#readyState === CLOSED) throw error;
      this.#close(asEventSourceError(error));
    } finally {
      this.#running = false;
    }
  }

  async #step(): Promise<void> {
    if (this.#options.signal?.aborted) return this.close();
    try {
      if (this.#parserError !== undefined) throw this.#parserError;
      const attempt = this.#attempt;
      if (attempt !== undefined && this.#readyState === OPEN) {
        if (!attempt.isReady) await attempt.wait();
        this.#parse(attempt.take());
      } else {
        await this.#open();
      }
    } catch (error) {
      await this.#reestablish(asEventSourceError(error));
    }
  }

  async #open(): Promise<void> {
    this.#attempt = new ConnectionAttempt(this.#options, this.#clock);
    const { status, headers, url } = await this.#attempt.open(
      this.url,
      this.#parser.lastEventId,
      // Nobody but shouldReconnect would see it, and a browser does not wait for it.
      !this.#isStandard || this.#options.shouldReconnect !== undefined,
    );
    // Closed in between; who closed has dropped the attempt as well.
    if (this.#readyState === CLOSED) return;
    this.#resetParser();
    this.#openedAt = this.#clock.now();
    // A response that did not come from the network has no URL.
    const response = { status, headers, url: url || this.url };
    this.#response = response;
    // Spec: "Announce the connection".
    this.#readyState = OPEN;
    this.#options.onStateChange?.({ state: "open", response });
  }

  #parse(chunk: Uint8Array): void {
    if (this.#readyState === CLOSED) return;
    this.#batch = [];
    this.#next = 0;
    try {
      this.#windows.push(chunk);
    } catch (error) {
      this.#parserError = error;
    }
    // A callback may have closed the connection, and so dropped the batch.
    if (this.readyState === CLOSED) return;
    if (this.#batch.length > 0) this.#attempts = 0;
    else this.#lastEventId = this.#parser.lastEventId;
  }

  /** Spec: "Reestablish the connection", or "fail the connection". */
  async #reestablish(error: EventSourceError): Promise<void> {
    if (this.#readyState === CLOSED) return;
    this.#parserError = undefined;
    this.#response = undefined;
    this.#attempt?.drop(error);
    const disconnection = this.#describe(error);
    if (!this.#decide(disconnection)) return this.#close(error);
    // The question may have been answered by close() as well.
    if (this.readyState === CLOSED) return;
    this.#attempts = disconnection.attempt;
    this.#readyState = CONNECTING;
    // Under way before the callback, which may end it.
    const wait = this.#wait(disconnection.delay);
    this.#options.onStateChange?.({ state: "reconnecting", ...disconnection });
    await wait;
  }

  #describe(error: EventSourceError): Disconnection {
    const { reason, status, headers } = error;
    const {
      backoff = this.#isStandard ? { maxDelay: 0 } : {},
      reconnectionTime = DEFAULT_RECONNECTION_TIME,
    } = this.#options;
    const { healthyAfter = DEFAULT_HEALTHY_AFTER } = backoff;
    const now = this.#clock.now();
    if (this.#readyState === OPEN && now - this.#openedAt >= healthyAfter) {
      this.#attempts = 0;
    }
    const attempt = this.#attempts + 1;
    const delay = reason === "reconnect" ? 0 : Math.max(
      drawDelay(
        attempt,
        this.#parser.reconnectionTime ?? reconnectionTime,
        backoff,
      ),
      getRetryAfter(error, now) ?? 0,
    );
    return { reason, status, headers, error, attempt, delay };
  }

  /** Whether to reestablish the connection. */
  #decide(disconnection: Disconnection): boolean {
    const { reason, error, attempt } = disconnection;
    const { shouldReconnect, backoff } = this.#options;
    if (reason === "reconnect") return true;
    if (isFinal(error)) return false;
    if (attempt > (backoff?.maxAttempts ?? Infinity)) return false;
    return shouldReconnect?.(disconnection) ??
      isPassing(error, this.#options, this.#isStandard);
  }

  /** Begins a new stream; in a callback, that drops the rest of the chunk. */
  #resetParser(): void {
    this.#windows.reset();
    this.#parser.reset();
  }

  #wait(delay: number): Promise<void> {
    return new Promise((resolve) => {
      this.#endWait = () => {
        this.#clock.clearTimeout(timer);
        this.#endWait = undefined;
        resolve();
      };
      const timer = this.#clock.setTimeout(this.#endWait, delay);
    });
  }

  /** @param error Why the connection failed, `undefined` if this side closes it. */
  #close(error: EventSourceError | undefined): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    this.#response = undefined;
    this.#batch = [];
    this.#next = 0;
    this.#options.signal?.removeEventListener("abort", this.close);
    this.#endWait?.();
    this.#attempt?.drop(error);
    this.#resetParser();
    // The server's own word that there is no more is not a failure.
    if (error?.reason !== "end" && error?.reason !== "no-content") {
      this.#failure = error;
    }
    this.#answer();
    this.#options.onStateChange?.({ state: "closed", error });
  }
}

function asEventSourceError(error: unknown): EventSourceError {
  if (error instanceof EventSourceError) return error;
  return error instanceof EventStreamError
    ? new EventSourceError("event-too-large", error.message, { cause: error })
    : new EventSourceError(
      "local-error",
      "Cannot keep event stream: a function of the options threw, see the cause",
      { cause: error },
    );
}
