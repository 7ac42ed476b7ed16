// Copyright 2026 the Tidings authors. MIT license.

import type { ByteChunk, ByteSource } from "./_byte_source.ts";
import type { ServerSentEvent } from "./event.ts";

interface Request {
  resolve(result: IteratorResult<ServerSentEvent, undefined>): void;
  reject(reason: unknown): void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

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
  readonly #push: (chunk: Uint8Array) => void;
  // The events of the last chunk, and which of them is the next to hand out.
  #batch: ServerSentEvent[] = [];
  #next = 0;
  // The calls of next() that wait for events, in their order.
  #requests: Request[] = [];
  #reading = false;
  // Set once nothing more will be read.
  #ended = false;
  // What the source or the parser threw, until a call of next() reports it.
  #failure: { error: unknown } | undefined;

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
    const parser = makeParser((event) => {
      // A callback may end the iteration in the middle of a chunk.
      if (!this.#ended) this.#batch.push(event);
    });
    this.#push = (chunk) => parser.push(chunk);
    this.#source = openSource();
    this.#signal = signal;
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener("abort", this.#onAbort);
  }

  next(): Promise<IteratorResult<ServerSentEvent, undefined>> {
    if (this.#next < this.#batch.length) {
      return Promise.resolve({
        done: false,
        value: this.#batch[this.#next++]!,
      });
    }
    return new Promise((resolve, reject) => {
      this.#requests.push({ resolve, reject });
      this.#answer();
    });
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#drop();
    this.#failure = undefined;
    if (!this.#ended) {
      const cancelled = this.#cancel(undefined);
      this.#answer();
      await cancelled;
    }
    return DONE;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Answers as many requests as there are events, and reads on for the others. */
  #answer(): void {
    while (this.#requests.length > 0) {
      if (this.#next < this.#batch.length) {
        const value = this.#batch[this.#next++]!;
        this.#requests.shift()!.resolve({ done: false, value });
      } else if (this.#failure !== undefined) {
        this.#requests.shift()!.reject(this.#failure.error);
        this.#failure = undefined;
      } else if (this.#ended) {
        this.#requests.shift()!.resolve(DONE);
      } else {
        this.#read();
        return;
      }
    }
  }

  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#source.read().then(this.#onChunk, this.#onError);
  }

  #onChunk = (chunk: ByteChunk): void => {
    this.#reading = false;
    if (this.#ended) return;
    if (chunk.done) {
      this.#end();
    } else {
      this.#drop();
      try {
        this.#push(chunk.value!);
      } catch (error) {
        if (!this.#ended) this.#fail(error);
      }
    }
    this.#answer();
  };

  #onError = (error: unknown): void => {
    this.#reading = false;
    if (this.#ended) return;
    this.#end();
    this.#failure = { error };
    this.#answer();
  };

  #onAbort = (): void => {
    this.#drop();
    this.#fail(this.#signal!.reason);
    this.#answer();
  };

  #drop(): void {
    this.#batch = [];
    this.#next = 0;
  }

  /** Ends with an error that the source does not know yet. */
  #fail(error: unknown): void {
    this.#failure = { error };
    // The error that counts is already on its way to the caller.
    this.#cancel(error).catch(() => {});
  }

  async #cancel(reason: unknown): Promise<void> {
    const cancelled = this.#source.cancel(reason);
    this.#end();
    await cancelled;
  }

  #end(): void {
    this.#ended = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#source.releaseLock?.();
  }
}
