// Copyright 2026 the Tidings authors. MIT license.

/**
 * The iterator that `readEvents()` returns.
 *
 * @module
 */

import { findTimeout, listenForAbort } from "../_abort.ts";
import {
  type ByteSource,
  type EventBytes,
  openByteSource,
} from "./byte_source.ts";
import { DONE, EventQueue, type EventResult } from "./event_queue.ts";
import {
  EventStreamParser,
  type EventStreamParserOptions,
  PARSER_OPTIONS,
} from "./event_stream_parser.ts";
import { type OptionTypes, readOptions } from "./parser_options.ts";
import type { ServerSentEvent } from "../event.ts";

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
}

const READ_EVENTS_OPTIONS: OptionTypes<ReadEventsOptions> = {
  ...PARSER_OPTIONS,
  signal: "an object",
  ignoreContentType: "a boolean",
};

// Bytes that are parsed at once. A chunk of 16 MiB may hold 2.8 million events, which take
// 150 MB; no runtime's fetch gives chunks that are larger than this.
const PART_LENGTH = 64 * 1024;

/**
 * Iterates over the events of a source. Each chunk is parsed at once, and its events
 * are handed out from a queue.
 */
export class EventIterator
  implements
    AsyncIterableIterator<ServerSentEvent, undefined>,
    AsyncDisposable {
  readonly #parser: EventStreamParser;
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  readonly #queue = new EventQueue();
  /** What is left to parse of the last chunk. */
  #rest: Uint8Array | undefined;
  #reading = false;
  /** Stops listening to the signal. */
  readonly #stopListening: () => void;

  /**
   * @param source What the bytes come from; not opened if making the parser throws.
   * @param options The options of `readEvents()`, which are checked here.
   */
  constructor(source: EventBytes, options: ReadEventsOptions) {
    const { ignoreContentType, signal, ...rest } = readOptions(
      "read events",
      options,
      READ_EVENTS_OPTIONS,
    );
    const { onComment } = rest;
    const keep = (text: string): void =>
      this.#queue.defer(() => {
        try {
          // Cannot fail: the parser calls this only if there is one.
          onComment!(text);
        } catch (error) {
          this.#drop();
          this.#stop(error);
        }
      });
    this.#parser = new EventStreamParser(
      (event) => this.#queue.push(event),
      { ...rest, onComment: onComment && keep },
    );
    this.#source = openByteSource(source, ignoreContentType);
    this.#signal = signal;
    this.#stopListening = listenForAbort(signal, this.#onAbort);
    if (signal?.aborted) this.#onAbort();
  }

  next(): Promise<EventResult> {
    const result = this.#queue.next();
    this.#advance();
    return result;
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

  /** Reads while calls of `next()` wait for more than there is. */
  #advance(): void {
    while (this.#queue.hasRequests && !this.#reading) {
      if (this.#rest === undefined) return void this.#read();
      this.#parse(this.#rest);
      this.#queue.answer();
    }
  }

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      const { done, value } = await this.#source.read();
      if (done) this.#end();
      // Cannot fail: a chunk that is not the end has a value.
      else if (!this.#queue.hasEnded) this.#parse(value!);
    } catch (error) {
      this.#fail(error);
    }
    this.#reading = false;
    this.#queue.answer();
    this.#advance();
  }

  /** Parses a chunk, the first part of it if it is large. */
  #parse(chunk: Uint8Array): void {
    // A callback that asks for the next event must not parse the part after this one.
    this.#reading = true;
    this.#rest = undefined;
    // The parser refuses what is no Uint8Array.
    if (ArrayBuffer.isView(chunk) && chunk.length > PART_LENGTH) {
      this.#rest = chunk.subarray(PART_LENGTH);
      chunk = chunk.subarray(0, PART_LENGTH);
    }
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.#stop(error);
    }
    this.#reading = false;
  }

  #onAbort = (): void => {
    this.#drop();
    // Cannot fail: only the signal calls this.
    const signal = this.#signal!;
    if (this.#queue.hasEnded) return;
    this.#source.cancel(signal.reason).catch(() => {});
    this.#end(findTimeout(signal));
  };

  async #cancel(reason: unknown): Promise<IteratorReturnResult<undefined>> {
    this.#drop();
    if (this.#queue.hasEnded) {
      this.#queue.end();
    } else {
      const cancelled = this.#source.cancel(reason);
      this.#end();
      let timer: unknown;
      // A cancel() that never settles does not hold a `break`.
      const timeout = new Promise((resolve) => timer = setTimeout(resolve));
      await Promise.race([cancelled, timeout]).finally(() =>
        clearTimeout(timer as number)
      );
    }
    return DONE;
  }

  #drop(): void {
    this.#queue.clear();
    this.#rest = undefined;
  }

  /** Fails, and tells the source, which has not ended or thrown. */
  #stop(error: unknown): void {
    if (this.#queue.hasEnded) return;
    // The error that counts is already on its way to the caller.
    this.#source.cancel(error).catch(() => {});
    this.#fail(error);
  }

  #fail(error: unknown): void {
    if (!this.#queue.hasEnded) this.#end({ error });
  }

  #end(failure?: { error: unknown }): void {
    this.#stopListening();
    this.#queue.end(failure);
    this.#source.releaseLock?.();
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventIterator";
  }
}
