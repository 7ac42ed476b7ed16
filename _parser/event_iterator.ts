// Copyright 2026 the Tidings authors. MIT license.

/**
 * The iterator that `readEvents()` returns.
 *
 * @module
 */

import { findTimeout, listenForAbort } from "../_abort.ts";
import type { ByteSource } from "./byte_source.ts";
import { DONE, EventQueue, type EventResult } from "./event_queue.ts";
import type { ServerSentEvent } from "../event.ts";

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
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  readonly #parser: { push(chunk: Uint8Array): void };
  readonly #queue = new EventQueue();
  /** What is left to parse of the last chunk. */
  #rest: Uint8Array | undefined;
  #reading = false;
  /** Stops listening to the signal. */
  readonly #stopListening: () => void;

  /**
   * @param makeParser Makes the parser that calls back for each event.
   * @param openSource Opens what the bytes come from; not called if making the parser
   * throws.
   * @param signal Ends the iteration, with its reason if that is a `TimeoutError`.
   */
  constructor(
    makeParser: (onEvent: (event: ServerSentEvent) => void) => {
      push(chunk: Uint8Array): void;
    },
    openSource: () => ByteSource,
    signal: AbortSignal | undefined,
  ) {
    this.#parser = makeParser((event) => this.#queue.push(event));
    this.#source = openSource();
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
      this.#parseRest();
      this.#queue.answer();
    }
  }

  async #read(): Promise<void> {
    this.#reading = true;
    // Whether the source can be told of an error: it has not ended or thrown.
    let isOpen = false;
    try {
      const { done, value } = await this.#source.read();
      isOpen = !done;
      if (done) this.#end();
      // Cannot fail: a chunk that is not the end has a value.
      else if (!this.#queue.hasEnded) this.#parse(value!);
    } catch (error) {
      this.#fail(error, isOpen);
    }
    this.#reading = false;
    this.#queue.answer();
    this.#advance();
  }

  /** Parses a chunk, the first part of it if it is large. */
  #parse(chunk: Uint8Array): void {
    this.#rest = undefined;
    // The parser refuses what is no Uint8Array.
    if (ArrayBuffer.isView(chunk) && chunk.length > PART_LENGTH) {
      this.#rest = chunk.subarray(PART_LENGTH);
      chunk = chunk.subarray(0, PART_LENGTH);
    }
    this.#parser.push(chunk);
  }

  /** Parses the next part of a large chunk. */
  #parseRest(): void {
    // A callback that asks for the next event must not parse the part after this one.
    this.#reading = true;
    try {
      // Cannot fail: the caller has looked.
      this.#parse(this.#rest!);
    } catch (error) {
      this.#fail(error, true);
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
      await cancelled;
    }
    return DONE;
  }

  #drop(): void {
    this.#queue.clear();
    this.#rest = undefined;
  }

  #fail(error: unknown, isOpen: boolean): void {
    if (this.#queue.hasEnded) return;
    // The error that counts is already on its way to the caller.
    if (isOpen) this.#source.cancel(error).catch(() => {});
    this.#end({ error });
  }

  #end(failure?: { error: unknown }): void {
    this.#stopListening();
    this.#queue.end(failure);
    this.#source.releaseLock?.();
  }
}
