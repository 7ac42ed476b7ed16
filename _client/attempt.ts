// Copyright 2026 the Tidings authors. MIT license.

import type { Clock } from "./clock.ts";
import type { EventSourceInit } from "./connection_options.ts";
import { EventSourceError } from "./event_source_error.ts";
import { requestEventStream } from "./request.ts";
import { describeRefusal, isEventStream } from "./response.ts";

/** One request and its response: from `open()` to the first error or `drop()`. */
export class Attempt {
  readonly #options: EventSourceInit;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  // Set when the response turned out to be an event stream with a body.
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  // Why this side gave up; open() and read() throw it from then on.
  #dropped: EventSourceError | undefined;

  constructor(options: EventSourceInit, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * Sends the request and waits for an event stream.
   *
   * @throws {EventSourceError} If none comes.
   */
  async open(url: string, lastEventId: string): Promise<Response> {
    const timer = this.#startIdleTimer();
    const { signal } = this.#controller;
    try {
      // Not every fetch heeds its signal, and the functions of the options
      // have none.
      return await new Promise((resolve, reject) => {
        signal.addEventListener("abort", reject, { once: true });
        this.#exchange(url, lastEventId, signal).then(resolve, reject);
      });
    } catch (error) {
      throw this.#dropped ?? error;
    } finally {
      this.#clock.clearTimeout(timer);
    }
  }

  /**
   * Reads the next chunk.
   *
   * @throws {EventSourceError} If none comes.
   */
  async read(): Promise<Uint8Array> {
    const timer = this.#startIdleTimer();
    let error: EventSourceError | undefined;
    try {
      const chunk = await this.#reader?.read();
      if (chunk?.value !== undefined) return chunk.value;
    } catch (cause) {
      error = new EventSourceError(
        "network-error",
        "Cannot read event stream: the connection broke, see the cause",
        { cause },
      );
    } finally {
      this.#clock.clearTimeout(timer);
    }
    throw this.#dropped ?? error ?? new EventSourceError(
      "end",
      "Cannot read event stream: the server ended it, more is wanted",
    );
  }

  /** Ends the request or the response, with `error` for who waits for it. */
  drop(error: EventSourceError | undefined): void {
    this.#dropped ??= error;
    this.#controller.abort();
    // Aborting fails the body of a real fetch, and cancel() with it.
    this.#reader?.cancel().catch(() => {});
  }

  async #exchange(
    url: string,
    lastEventId: string,
    signal: AbortSignal,
  ): Promise<Response> {
    const response = await requestEventStream(
      url,
      this.#options,
      lastEventId,
      signal,
    );
    if (signal.aborted) {
      // Nobody waits for it any more.
      response.body?.cancel().catch(() => {});
    } else if (isEventStream(response)) {
      this.#reader = response.body?.getReader();
    } else {
      throw await describeRefusal(response, this.#clock, signal);
    }
    return response;
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
