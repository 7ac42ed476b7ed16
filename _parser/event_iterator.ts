// Copyright 2026 the Tidings authors. MIT license.

/**
 * The iterator that `readEvents()` returns.
 *
 * @module
 */

import { findTimeout, listenForAbort } from "../_abort.ts";
import { assertBytes } from "./assert_bytes.ts";
import {
  type ByteSource,
  type EventBytes,
  openByteSource,
} from "./byte_source.ts";
import { DONE, EventQueue, type EventResult } from "./event_queue.ts";
import { EventStreamError } from "./event_stream_error.ts";
import { Interpreter } from "./interpreter.ts";
import { findForeignText } from "./foreign_text.ts";
import { startIdleTimer } from "../_idle_timer.ts";
import { MAX_DELAY, quote } from "../_validate.ts";
import {
  type EventStreamParserOptions,
  PARSER_OPTIONS,
  readParserOptions,
} from "./event_stream_parser.ts";
import { assertRange, type OptionTypes } from "./parser_options.ts";
import type { ServerSentEvent } from "../event.ts";
import { settleWithin } from "./settle_within.ts";
import { PART_LENGTH } from "./sizes.ts";
import type { EventTaker } from "./take_event.ts";

/** Options of `readEvents()`. */
export interface ReadEventsOptions extends EventStreamParserOptions {
  /**
   * Ends the iteration when it aborts, and the source is cancelled with its reason. If that
   * is a `TimeoutError`, as of `AbortSignal.timeout()`, the call of `next()` that waits, or
   * else the next one, rejects with it.
   */
  signal?: AbortSignal | undefined;
  /**
   * Accepts a response with any `Content-Type` or none: some services send none.
   *
   * @default {false}
   */
  ignoreContentType?: boolean | undefined;
  /**
   * Milliseconds that the source may be silent while an event is waited for: 1 to
   * 2 147 483 647, or `Infinity` for no limit. Every byte counts, those of comments too.
   * Beyond it, the iteration rejects with an {@linkcode EventStreamError} with the code
   * `"idle-timeout"`, and the source is cancelled. If the process itself stood still, the
   * time starts again. It does not count while the body of a refusal is read, for a second
   * at most.
   *
   * @default {Infinity}
   */
  idleTimeout?: number | undefined;
}

const VERB = "read events";

const READ_EVENTS_OPTIONS: OptionTypes<ReadEventsOptions> = {
  ...PARSER_OPTIONS,
  signal: "an object",
  ignoreContentType: "a boolean",
  idleTimeout: "a number",
};

/**
 * Iterates over the events of a source. Each chunk is parsed at once, and its events
 * are handed out from a queue.
 */
export class EventIterator
  implements
    AsyncIterableIterator<ServerSentEvent, undefined>,
    AsyncDisposable,
    EventTaker {
  readonly #interpreter: Interpreter;
  readonly #source: ByteSource;
  readonly #idleTimeout: number;
  readonly #queue = new EventQueue();
  /** What is left to parse of the last chunk. */
  #rest: Uint8Array | undefined;
  #isRunning = false;
  /** Whether the source has failed, although that was not read yet. */
  #hasFailed = false;
  /** Stops listening to the signal. */
  readonly #stopListening: () => void;
  /** Stops the timer for a source that is silent. */
  #stopTimer = (): void => {};

  /**
   * @param source What the bytes come from; not opened if making the parser throws.
   * @param options The options of `readEvents()`, which are checked here.
   */
  constructor(source: EventBytes, options: ReadEventsOptions) {
    const read = readParserOptions(VERB, options, READ_EVENTS_OPTIONS);
    const { ignoreContentType, signal, idleTimeout = Infinity, onComment } =
      read;
    assertRange(
      VERB,
      "idleTimeout",
      idleTimeout,
      `a number from 1 to ${MAX_DELAY}, or Infinity`,
      idleTimeout >= 1 &&
        (idleTimeout <= MAX_DELAY || idleTimeout === Infinity),
    );
    this.#idleTimeout = idleTimeout;
    const settings = {
      ...read,
      onEvent: (event: ServerSentEvent) => this.#queue.push(event),
      onComment: onComment &&
        ((text: string) =>
          this.#queue.defer(() => this.#tell(onComment, text))),
    };
    this.#interpreter = new Interpreter(settings, settings);
    this.#source = openByteSource(source, ignoreContentType);
    this.#source.closed?.catch(() => this.#hasFailed = true);
    const onAbort = (): void => {
      // Cannot fail: only the signal calls this.
      this.#drop(signal!.reason, findTimeout(signal!));
    };
    this.#stopListening = listenForAbort(signal, onAbort);
    if (signal?.aborted) onAbort();
  }

  next(): Promise<EventResult> {
    const result = this.#queue.next();
    // A promise for each event that is there would cost a fifth of the reading.
    if (this.#queue.hasRequests) this.#run();
    return result;
  }

  // `TAKE_EVENT`, written out: a bundler keeps a class with a computed name for its sake,
  // also in a bundle that only has the parser.
  "@tidings/sse take"(): ServerSentEvent | undefined {
    return this.#queue.take();
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    return this.#cancel(undefined);
  }

  /** Ends the iteration as `return()` does, and tells the source why. */
  throw(error?: unknown): Promise<IteratorReturnResult<undefined>> {
    // The error that counts is the caller's, whatever the source's cancel does.
    return this.#cancel(error).finally(() => {
      throw error;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.return() as Promise<unknown> as Promise<void>;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Reads and parses while calls of `next()` wait for more than there is. */
  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#queue.hasRequests) {
      try {
        if (this.#rest) this.#parse(this.#rest);
        else {
          this.#stopTimer = startIdleTimer(
            this.#source.timeout ?? this.#idleTimeout,
            this.#onIdle,
          );
          const { done, value } = await this.#source.read();
          this.#stopTimer();
          if (done) this.#conclude();
          // Cannot fail: a chunk that is not the end has a value.
          else this.#parse(value!);
        }
      } catch (error) {
        this.#end({ error });
      }
      this.#queue.answer();
    }
    this.#isRunning = false;
  }

  /** Parses a chunk, the first part of it if it is large. */
  #parse(chunk: Uint8Array): void {
    if (this.#queue.hasEnded) return;
    try {
      assertBytes(VERB, chunk);
      this.#rest = chunk.length > PART_LENGTH
        ? chunk.subarray(PART_LENGTH)
        : undefined;
      this.#interpreter.push(chunk.subarray(0, PART_LENGTH));
    } catch (error) {
      this.#stop(error, { error });
    }
  }

  /**
   * Ends with the source.
   *
   * @throws {EventStreamError} If it was something else.
   */
  #conclude(): void {
    const body = findForeignText(this.#interpreter);
    if (body === undefined) return this.#end();
    throw new EventStreamError(
      "not-an-event-stream",
      `Cannot ${VERB}: expected an event stream, got ${quote(body)}`,
      { body },
    );
  }

  #onIdle = (): void => {
    const error = new EventStreamError(
      "idle-timeout",
      `Cannot ${VERB}: expected a byte within ${this.#idleTimeout} ms, got none`,
    );
    this.#stop(error, { error });
  };

  /** Calls `onComment`. If it throws, the iteration ends with the error. */
  #tell(onComment: (comment: string) => void, text: string): void {
    try {
      onComment(text);
    } catch (error) {
      this.#drop(error, { error });
    }
  }

  async #cancel(reason: unknown): Promise<IteratorReturnResult<undefined>> {
    // A source whose cancel() never settles would hold a `break` for ever.
    await settleWithin(this.#drop(reason), 0);
    return DONE;
  }

  /** Ends as `#stop()` does, and drops the events that were not handed out. */
  #drop(reason: unknown, failure?: { error: unknown }): Promise<unknown> {
    this.#queue.clear();
    return this.#stop(reason, failure);
  }

  /** Ends, and tells the source, unless it has ended or thrown. */
  #stop(reason: unknown, failure?: { error: unknown }): Promise<unknown> {
    // After the connection broke, cancel() rejects with the reason: a `break` would throw
    // it out of a loop that reads no more.
    const cancelled = Promise.resolve(
      this.#queue.hasEnded || this.#hasFailed ||
        this.#source.cancel?.(reason),
    );
    // Most callers have an error that counts more.
    cancelled.catch(() => {});
    this.#end(failure);
    return cancelled;
  }

  #end(failure?: { error: unknown }): void {
    // The end counts that came first, but for return(), which drops a failure too.
    if (failure && this.#queue.hasEnded) return;
    // What is left of a chunk is not parsed any more.
    this.#rest = undefined;
    this.#stopListening();
    this.#stopTimer();
    this.#queue.end(failure);
    this.#source.releaseLock?.();
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventIterator";
  }
}
