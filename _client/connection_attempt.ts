// Copyright 2026 the Tidings authors. MIT license.

import type { Clock } from "./clock.ts";
import type { EventSourceInit } from "./connection_options.ts";
import { EventSourceError } from "./event_source_error.ts";
import { requestEventStream } from "./request.ts";
import { createRefusalError, isEventStream } from "./refusal.ts";

// What is read of a refusal: so many bytes, and for so many milliseconds.
const BODY_SIZE = 1024;
const BODY_TIMEOUT = 1000;

/** What came of a read: a chunk, the end without one, or what broke. */
interface ReadResult {
  value?: Uint8Array | undefined;
  error?: EventSourceError;
}

/**
 * One request and its response: from `open()` to the first error or `drop()`. It
 * reads one chunk ahead: while a chunk is used, the next read is under way.
 */
export class ConnectionAttempt {
  readonly #options: EventSourceInit;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  // Of the response's body, if it has one.
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  // What the read ahead brought, until it is taken; unset while it is under way.
  #result: ReadResult | undefined;
  // Tells who waits for the read that is under way.
  #onResult: (() => void) | undefined;
  // Why this side gave up; open() and take() throw it from then on.
  #dropped: EventSourceError | undefined;
  // Set once there is nothing left to abort: the request has failed, the body has
  // ended or failed, or this side has ended them.
  #hasSettled = false;

  constructor(options: EventSourceInit, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * Sends the request and waits for an event stream, whose first chunk is read.
   *
   * @param readsRefusal Whether the beginning of another body is waited for.
   * @throws {EventSourceError} If none comes.
   */
  async open(
    url: string,
    lastEventId: string,
    readsRefusal: boolean,
  ): Promise<Response> {
    const timer = this.#startIdleTimer();
    const { signal } = this.#controller;
    try {
      // Not every fetch heeds its signal, and the functions of the options
      // have none.
      return await new Promise((resolve, reject) => {
        signal.addEventListener("abort", reject, { once: true });
        this.#exchange(url, lastEventId, readsRefusal).then(resolve, reject);
      });
    } catch (error) {
      throw this.#dropped ?? error;
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  /** Whether `take()` may be called. */
  get isReady(): boolean {
    return this.#result !== undefined;
  }

  /** Waits until `take()` may be called. Only this wait can be too long. */
  wait(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#startIdleTimer();
      this.#onResult = () => {
        this.#clock.clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * Takes the next chunk, and begins to read the one after it.
   *
   * @throws {EventSourceError} If there is none.
   */
  take(): Uint8Array {
    const { value, error } = this.#result ?? {};
    if (value !== undefined) {
      this.#readAhead();
      return value;
    }
    throw this.#dropped ?? error ?? new EventSourceError(
      "end",
      "Cannot read event stream: the server ended it, more is wanted",
    );
  }

  /** Ends the request or the response, with `error` for who waits for it. */
  drop(error: EventSourceError | undefined): void {
    this.#dropped ??= error;
    // Node 20 rejects a request whose response has six content codings, and ends the
    // process if its signal is aborted afterwards.
    if (this.#hasSettled) return;
    this.#controller.abort();
    this.#cancel();
  }

  async #exchange(
    url: string,
    lastEventId: string,
    readsRefusal: boolean,
  ): Promise<Response> {
    const { signal } = this.#controller;
    const response = await this.#request(url, lastEventId);
    this.#reader = response.body?.getReader();
    if (signal.aborted) this.#cancel();
    // At once: where the connection breaks, a stream forgets what is not read.
    this.#readAhead();
    if (signal.aborted || isEventStream(response)) return response;
    const body = readsRefusal ? await this.#readStart() : "";
    this.#cancel();
    throw createRefusalError(response, body);
  }

  async #request(url: string, lastEventId: string): Promise<Response> {
    const { signal } = this.#controller;
    try {
      return await requestEventStream(url, this.#options, lastEventId, signal);
    } catch (error) {
      this.#hasSettled = true;
      throw error;
    }
  }

  /** Reads the beginning of the body, as far as it comes. */
  async #readStart(): Promise<string> {
    const timer = this.#clock.setTimeout(() => this.#cancel(), BODY_TIMEOUT);
    const decoder = new TextDecoder();
    let text = "";
    let left = BODY_SIZE;
    try {
      while (left > 0) {
        if (!this.isReady) {
          await new Promise<void>((resolve) => this.#onResult = resolve);
        }
        const chunk = this.take();
        text += decoder.decode(chunk.subarray(0, left), { stream: true });
        left -= chunk.length;
      }
    } catch {
      // It has ended, or the status is the error to report.
    }
    this.#clock.clearTimeout(timer);
    return text;
  }

  #cancel(): void {
    this.#hasSettled = true;
    // Aborting fails the body of a real fetch, and cancel() with it.
    this.#reader?.cancel().catch(() => {});
  }

  #readAhead(): void {
    this.#result = undefined;
    if (this.#reader === undefined) return this.#end({});
    this.#reader.read().then(
      (result) => result.done ? this.#end({}) : this.#settle(result),
      (cause) =>
        this.#end({
          error: new EventSourceError(
            "network-error",
            "Cannot read event stream: the connection broke, see the cause",
            { cause },
          ),
        }),
    );
  }

  #end(result: ReadResult): void {
    this.#hasSettled = true;
    this.#settle(result);
  }

  #settle(result: ReadResult): void {
    this.#result = result;
    this.#onResult?.();
    this.#onResult = undefined;
  }

  #startIdleTimer(): unknown {
    const { idleTimeout = Infinity } = this.#options;
    if (idleTimeout === Infinity) return undefined;
    return this.#clock.setTimeout(() => {
      this.drop(
        new EventSourceError(
          "idle-timeout",
          `Cannot read event stream: nothing came for ${idleTimeout} ms, a byte is wanted`,
        ),
      );
    }, idleTimeout);
  }
}
