// Copyright 2026 the Tidings authors. MIT license.

/**
 * One event stream from the client's first read to the one close that all ways to
 * end lead into.
 *
 * @module
 */

import { EventStreamBody } from "./body.ts";
import type {
  CloseReason,
  EventSession,
  ServeEventsSource,
} from "./event_session.ts";
import {
  type EventResult,
  isEventIterable,
  openIterator,
  type SourceIterator,
} from "./source_iterator.ts";
import { KEEP_ALIVE_COMMENT, KeepAlive } from "./keep_alive.ts";
import { type Lifetime, watchLifetime } from "./lifetime.ts";
import type { EventCompression } from "./compression.ts";
import { openStream } from "./sink.ts";
import { StreamCompressor } from "./stream_compressor.ts";
import { onDeparture, respond } from "./request_hooks.ts";
import { assertReturnableId } from "../_validate.ts";
import { encodeEvent } from "../encoder.ts";
import type { ServerSentEventInit } from "../event.ts";

/** What a session depends on, checked and with the defaults filled in. */
export interface SessionOptions extends Lifetime {
  /** The ID that the client brought. */
  lastEventId: string | undefined;
  /** What the client gets before all else. */
  preamble: Uint8Array<ArrayBuffer> | undefined;
  /** Milliseconds of silence before a comment, 0 for none. */
  keepAlive: number;
  /** Bytes that may wait for the client; beyond, it is closed with `"overflow"`. */
  maxBuffered: number;
  /** How the client gets the stream; as it is if left out. */
  compression: EventCompression | undefined;
  /** Told what the source throws. */
  onError: ((error: unknown, request: Request) => void) | undefined;
}

interface Room {
  promise: Promise<boolean>;
  fulfil: (hasRoom: boolean) => void;
}

/**
 * Milliseconds of silence before the first comment. Bun sends the headers with the
 * first chunk: a source that has no event yet would leave the client unconnected.
 */
const FIRST_DELAY = "Bun" in globalThis ? 0 : undefined;

/** A session. What keeps it alive is its body, its timers and its source. */
export class Session implements EventSession {
  readonly request: Request;
  readonly lastEventId: string | undefined;
  readonly closed: Promise<CloseReason>;
  readonly #options: SessionOptions;
  readonly #body: EventStreamBody;
  readonly #compressor: StreamCompressor | undefined;
  readonly #keepAlive: KeepAlive;
  readonly #abortController = new AbortController();
  // The constructor of the promise sets it.
  #fulfilClosed!: (reason: CloseReason) => void;
  /** Where the events come from, until the client begins to read or the session is closed. */
  #source: ServeEventsSource | undefined;
  /** What has to be released: set when the source is opened, cleared when it ends. */
  #supply: SourceIterator | undefined;
  /** Those who wait for room: set by the first of them, cleared when they are told. */
  #room: Room | undefined;
  /** Why the session is closed; `undefined` while it is open. */
  #reason: CloseReason | undefined;
  /** Ends the listening for the client's departure; `undefined` if it had left before. */
  #endListening: (() => void) | undefined;
  /** Ends the watch over the lifetime: set when the client begins to read. */
  #endWatch: (() => void) | undefined;

  /**
   * Makes a response. Nothing is called and nothing held that would have to be
   * released before its body is first read. If that is cancelled before, the source
   * is released without having been asked for an event.
   *
   * @param request The request that is answered.
   * @param source Where the events come from.
   * @param options What the session depends on.
   * @param headers The headers of the response.
   * @returns The response.
   */
  static open(
    request: Request,
    source: ServeEventsSource,
    options: SessionOptions,
    headers: Headers,
  ): Response {
    const session = new Session(request, source, options);
    const response = respond(request, session.#body, 0, headers);
    // A client that leaves cancels the body in Deno, Bun and workerd; other servers
    // abort the request instead, and some do both, in either order.
    session.#endListening = onDeparture(
      request,
      () => session.#close("client"),
    );
    return response;
  }

  /** Releases a source that there is no response to be made of. */
  static discard(
    request: Request,
    source: ServeEventsSource,
    options: SessionOptions,
  ): void {
    openStream(new Session(request, source, options).#body, 0).cancel();
  }

  private constructor(
    request: Request,
    source: ServeEventsSource,
    options: SessionOptions,
  ) {
    this.request = request;
    this.lastEventId = options.lastEventId;
    this.closed = new Promise((resolve) => {
      this.#fulfilClosed = resolve;
    });
    this.#source = source;
    this.#options = options;
    const { compression } = options;
    this.#compressor = compression && new StreamCompressor(compression);
    this.#body = new EventStreamBody(
      () => this.#handleRoom(),
      () => this.#close("client"),
    );
    this.#keepAlive = new KeepAlive(options.keepAlive, () => {
      // A client that does not read is not written to.
      if (this.#body.hasRoom) this.#write(KEEP_ALIVE_COMMENT);
    });
  }

  get signal(): AbortSignal {
    return this.#abortController.signal;
  }

  send(event: ServerSentEventInit): Promise<boolean> {
    this.#write(encodeReturnable(event));
    return this.#waitForRoom();
  }

  comment(text: string): Promise<boolean> {
    return this.send({ comment: text });
  }

  close(): void {
    this.#close("source");
  }

  #handleRoom(): void {
    if (this.#source !== undefined) this.#start(this.#source);
    if (this.#body.hasRoom) this.#tellRoom(true);
  }

  #start(source: ServeEventsSource): void {
    this.#endWatch = watchLifetime(
      this.#options,
      (reason) => this.#close(reason),
    );
    // A signal that is aborted already has closed it.
    if (this.#reason !== undefined) return;
    this.#source = undefined;
    this.#keepAlive.start(FIRST_DELAY);
    const { preamble } = this.#options;
    if (preamble !== undefined) this.#write(preamble);
    this.#run(source);
  }

  async #run(source: ServeEventsSource): Promise<void> {
    try {
      const events = typeof source === "function" ? await source(this) : source;
      if (events === undefined) return;
      if (!isEventIterable(events)) {
        throw new TypeError(
          `Cannot serve events: the source function returned a value of type ${typeof events}, an iterable or nothing is wanted`,
        );
      }
      this.#supply = openIterator(events);
      await this.#relay(this.#supply);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #relay(supply: SourceIterator): Promise<void> {
    while (this.#hasRoom() || await this.#waitForRoom()) {
      let result: EventResult;
      try {
        result = await supply.next();
      } catch (error) {
        this.#supply = undefined;
        throw error;
      }
      if (result.done) {
        this.#supply = undefined;
        this.#close("source");
        return;
      }
      this.#write(encodeReturnable(result.value));
    }
    // For a session that was closed while the source function was at work.
    this.#release();
  }

  #write(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#reason !== undefined) return;
    const bytes = this.#compressor?.encode(chunk) ?? chunk;
    const { waitingBytes } = this.#body;
    // Where nothing waits, a chunk of any size is taken: it has to go some time.
    if (
      waitingBytes > 0 &&
      waitingBytes + bytes.byteLength > this.#options.maxBuffered
    ) {
      this.#close("overflow");
      return;
    }
    this.#keepAlive.touch();
    this.#body.write(bytes);
  }

  #hasRoom(): boolean {
    return this.#reason === undefined && this.#body.hasRoom;
  }

  #waitForRoom(): Promise<boolean> {
    if (this.#reason !== undefined) return Promise.resolve(false);
    if (this.#hasRoom()) return Promise.resolve(true);
    this.#room ??= createRoom();
    return this.#room.promise;
  }

  #tellRoom(hasRoom: boolean): void {
    const room = this.#room;
    this.#room = undefined;
    room?.fulfil(hasRoom);
  }

  #fail(error: unknown): void {
    // With nobody to tell, the runtime is told, which reports the failed body.
    if (this.#reason === undefined && this.#options.onError === undefined) {
      this.#body.fail(error);
    }
    this.#close("error");
    this.#report(error);
  }

  #close(reason: CloseReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#endWatch?.();
    this.#keepAlive.stop();
    this.#endListening?.();
    const trailer = this.#compressor?.end();
    // Without what was dropped, the stream is not whole, and the client may see it.
    if (reason === "overflow") this.#body.drop();
    else if (trailer !== undefined) this.#body.write(trailer);
    this.#body.end();
    this.#tellRoom(false);
    this.#fulfilClosed(reason);
    this.#abortController.abort();
    this.#release();
  }

  async #release(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    // A generator that closes the session itself runs until it yields, and cannot
    // be released before.
    await undefined;
    try {
      const supply = source === undefined || typeof source === "function"
        ? this.#supply
        : openIterator(source);
      this.#supply = undefined;
      await supply?.return?.();
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    // A source that stops because it was told to does not fail.
    if (error === this.signal.reason) return;
    this.#options.onError?.(error, this.request);
  }
}

/** Encodes an event whose ID the client can bring back. */
function encodeReturnable(event: ServerSentEventInit): Uint8Array<ArrayBuffer> {
  const bytes = encodeEvent(event);
  assertReturnableId("send event", event.id);
  return bytes;
}

function createRoom(): Room {
  // The constructor of the promise sets it.
  let fulfil!: (hasRoom: boolean) => void;
  const promise = new Promise<boolean>((resolve) => {
    fulfil = resolve;
  });
  return { promise, fulfil };
}
