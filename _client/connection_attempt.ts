// Copyright 2026 the Tidings authors. MIT license.

/**
 * One attempt of a connection, for `connection.ts`: the check of the response, and the
 * reading of its body with back-pressure and an idle timeout.
 *
 * @module
 */

import type { Clock } from "../_clock.ts";
import type { EventSourceInit } from "./connection_options.ts";
import { EventSourceError } from "./event_source_error.ts";
import { startIdleTimer } from "../_idle_timer.ts";
import { type BodyReader, openReader } from "../_parser/body_reader.ts";
import { readStart } from "../_parser/read_start.ts";
import { findFault } from "./refusal.ts";
import { requestEventStream } from "./request.ts";
import type { RequestUrl } from "./request_url.ts";

/** What a read gave: a chunk, the end (neither), or an error. */
interface ReadResult {
  value?: Uint8Array | undefined;
  error?: EventSourceError;
}

/**
 * One request and its response, from `open()` to the first error or `drop()`.
 *
 * It reads one chunk ahead: while a chunk is used, the next read is under way. No other
 * read begins before the chunk is taken. That is the back-pressure: the pace of the consumer
 * reaches the server by way of the socket.
 */
export class ConnectionAttempt {
  readonly #options: EventSourceInit;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  /** Of the response's body, if it has one. */
  #reader: BodyReader | undefined;
  /** What the read ahead gave, until it is taken; unset while the read is under way. */
  #result: ReadResult | undefined;
  /** Resolves once the read that is under way has given something. */
  #reading: Promise<void> | undefined;
  /** Since when it waits for the response, or for the next chunk. */
  #waitsSince: number;
  /** Why this side ended the attempt; open() and read() throw it from then on. */
  #dropped: EventSourceError | undefined;
  /**
   * Set once there is nothing left to abort: the request has failed, the body has ended
   * or failed, or this side has ended them.
   */
  #hasSettled = false;

  constructor(options: EventSourceInit, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#waitsSince = clock.now();
  }

  /**
   * Sends the request, waits for an event stream, and begins to read it.
   *
   * @param url Makes its URL.
   * @param lastEventId Its last event ID, `undefined` for that of the headers in the options.
   * @param readsRefusal Whether to read the beginning of a refusal's body.
   * @throws {EventSourceError} If the response is not an event stream, or none comes.
   */
  async open(
    url: RequestUrl,
    lastEventId: string | undefined,
    readsRefusal: boolean,
  ): Promise<Response> {
    const stopTimer = this.#startIdleTimer();
    const { signal } = this.#controller;
    try {
      // An abort must end the wait, but not every fetch heeds its signal, and the
      // functions among the options get none.
      return await new Promise((resolve, reject) => {
        signal.addEventListener("abort", reject);
        this.#exchange(url, lastEventId, readsRefusal, stopTimer)
          .then(resolve, reject);
      });
    } catch (error) {
      throw this.#dropped ?? error;
    } finally {
      stopTimer();
    }
  }

  /** Whether it has waited this long for something from the server. */
  isSilent(milliseconds: number): boolean {
    return !this.#result &&
      this.#clock.now() - this.#waitsSince >= milliseconds;
  }

  /**
   * Waits for the next chunk, no longer than the idle timeout, and begins to read the one
   * after it.
   *
   * @returns The chunk, `undefined` if the server has ended the body.
   * @throws {EventSourceError} If the body has failed, or this side has ended it.
   */
  async read(): Promise<Uint8Array | undefined> {
    if (!this.#result) {
      const stopTimer = this.#startIdleTimer();
      await this.#reading;
      stopTimer();
    }
    // Cannot fail: the read that was under way has given something.
    const { value, error } = this.#result!;
    const failure = this.#dropped ?? error;
    if (value) this.#readAhead();
    else if (failure) throw failure;
    return value;
  }

  /** Ends the request or the response; `open()` and `read()` throw `error`. */
  drop(error: EventSourceError | undefined): void {
    this.#dropped ??= error;
    // Node 20 rejects a request whose response has six content codings. If its signal
    // is aborted afterwards, it ends the process.
    if (this.#hasSettled) return;
    this.#controller.abort();
    this.#cancel();
  }

  async #exchange(
    url: RequestUrl,
    lastEventId: string | undefined,
    readsRefusal: boolean,
    stopTimer: () => void,
  ): Promise<Response> {
    const { signal } = this.#controller;
    const response = await requestEventStream(
      url,
      this.#options,
      lastEventId,
      signal,
    ).catch((error) => {
      this.#hasSettled = true;
      throw error;
    });
    // A refusal is told whatever becomes of its body, of which little is read.
    stopTimer();
    const fault = findFault(response, this.#options);
    try {
      this.#reader = openReader(response.body, response.type);
    } catch (error) {
      // A fetch of the user's may have read the body of a refusal; its status is still told.
      if (!fault) throw error;
    }
    if (signal.aborted) this.#cancel();
    // At once: when the connection breaks, a stream drops the chunks that are not read.
    this.#readAhead();
    if (signal.aborted || !fault) return response;
    const body = readsRefusal
      ? await readStart(async () => {
        // What has been read starts no idle timer.
        await this.#reading;
        return { value: await this.read() };
      }, this.#clock)
      : "";
    const { status, headers } = response;
    throw new EventSourceError(
      status === 204 ? "no-content" : fault.code,
      fault.message,
      { status, headers, body },
    );
  }

  #cancel(): void {
    this.#hasSettled = true;
    // Aborting fails the body of a real fetch, and cancel() with it.
    this.#reader?.cancel().catch(() => {});
  }

  #readAhead(): void {
    this.#result = undefined;
    this.#waitsSince = this.#clock.now();
    if (!this.#reader) return this.#settle({});
    this.#reading = this.#reader.read().then(
      (result) => this.#settle(result),
      (cause) =>
        this.#settle({
          error: new EventSourceError(
            "network-error",
            "Cannot read event stream: the connection broke, see the cause",
            { cause },
          ),
        }),
    );
  }

  #settle(result: ReadResult): void {
    this.#hasSettled ||= !result.value;
    this.#result = result;
  }

  #startIdleTimer(): () => void {
    const { idleTimeout = Infinity } = this.#options;
    return startIdleTimer(idleTimeout, () => {
      this.drop(
        new EventSourceError(
          "idle-timeout",
          `Cannot read event stream: expected a byte within ${idleTimeout} ms, got none`,
        ),
      );
    }, this.#clock);
  }
}
