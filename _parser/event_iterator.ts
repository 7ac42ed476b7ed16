// Copyright 2026 the Tidings authors. MIT license.

/**
 * The iterator that `readEvents()` returns.
 *
 * @module
 */

import type { ByteSource } from "./byte_source.ts";
import type { ServerSentEvent } from "../event.ts";

type Result = IteratorResult<ServerSentEvent, undefined>;

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

// Bytes that are parsed at once. A chunk of 16 MiB may hold 2.8 million events, which take
// 150 MB; no runtime's fetch gives chunks that are larger than this.
const PART_LENGTH = 64 * 1024;

/**
 * Iterates over the events of a source. Each chunk is parsed at once, and its
 * events are handed out from that batch: a step costs a resolved promise, where
 * an async generator costs three times and a stream ten times as much.
 */
export class EventIterator
  implements
    AsyncIterableIterator<ServerSentEvent, undefined>,
    AsyncDisposable {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;
  readonly #parser: { push(chunk: Uint8Array): void };
  // What is left to parse of the last chunk.
  #rest: Uint8Array | undefined;
  // The events of its last part, and which of them is the next to hand out.
  #batch: ServerSentEvent[] = [];
  #next = 0;
  // The calls of next() that wait for events, in their order.
  #requests: ((result: Result | Promise<Result>) => void)[] = [];
  #reading = false;
  // Set once nothing more will be read.
  #ended = false;
  // What next() gives after the last event: the end, or first what was thrown.
  #outcome: Result | Promise<Result> = DONE;

  /**
   * @param makeParser Makes the parser that calls back for each event.
   * @param openSource Opens what the bytes come from; not called if there is no
   * parser to be had.
   * @param signal Ends the iteration with its reason.
   */
  constructor(
    makeParser: (onEvent: (event: ServerSentEvent) => void) => {
      push(chunk: Uint8Array): void;
    },
    openSource: () => ByteSource,
    signal: AbortSignal | undefined,
  ) {
    this.#parser = makeParser((event) => {
      // A callback may end the iteration in the middle of a chunk.
      if (!this.#ended) this.#batch.push(event);
    });
    this.#source = openSource();
    this.#signal = signal;
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort);
  }

  next(): Promise<Result> {
    // While a chunk is read, there are others who come first.
    if (this.#next < this.#batch.length && !this.#reading) {
      return Promise.resolve(this.#take());
    }
    return new Promise((resolve) => {
      this.#requests.push(resolve);
      this.#answer();
    });
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

  /** Answers as many requests as there are events, and reads on for the others. */
  #answer(): void {
    while (this.#requests.length > 0) {
      const isEmpty = this.#next === this.#batch.length;
      if (isEmpty && !this.#ended) {
        if (this.#reading) return;
        if (this.#rest === undefined) return void this.#read();
        this.#parseRest();
        continue;
      }
      // Cannot fail: the loop has looked at the length.
      const resolve = this.#requests.shift()!;
      if (isEmpty) {
        resolve(this.#outcome);
        this.#outcome = DONE;
      } else {
        resolve(this.#take());
      }
    }
  }

  #take(): Result {
    // Cannot fail: the callers have compared #next with the batch.
    return { done: false, value: this.#batch[this.#next++]! };
  }

  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    // Whether the source can be told of an error: it has not ended or thrown.
    let isOpen = false;
    try {
      const { done, value } = await this.#source.read();
      isOpen = !done;
      if (done) this.#end();
      if (!this.#ended) {
        this.#drop();
        // Cannot fail: what is not the end has a value.
        this.#parse(value!);
      }
    } catch (error) {
      this.#fail(error, isOpen);
    }
    this.#reading = false;
    this.#answer();
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
    const rest = this.#rest;
    this.#drop();
    // A callback that asks for the next event must not parse the part after this one.
    this.#reading = true;
    try {
      // Cannot fail: the caller has looked.
      this.#parse(rest!);
    } catch (error) {
      this.#fail(error, true);
    }
    this.#reading = false;
  }

  #onAbort = (): void => {
    this.#drop();
    this.#fail(this.#signal!.reason, true);
    this.#answer();
  };

  async #cancel(reason: unknown): Promise<IteratorReturnResult<undefined>> {
    this.#drop();
    this.#outcome = DONE;
    if (!this.#ended) {
      const cancelled = this.#source.cancel(reason);
      this.#end();
      this.#answer();
      await cancelled;
    }
    return DONE;
  }

  #drop(): void {
    this.#batch = [];
    this.#next = 0;
    this.#rest = undefined;
  }

  #fail(error: unknown, isOpen: boolean): void {
    if (this.#ended) return;
    const failure = Promise.reject(error);
    // Nobody may ask for it any more.
    failure.catch(() => {});
    this.#outcome = failure;
    // The error that counts is already on its way to the caller.
    if (isOpen) this.#source.cancel(error).catch(() => {});
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#source.releaseLock?.();
  }
}
