// Copyright 2026 the Tidings authors. MIT license.

/**
 * The session of one response of `serveEvents`, from the client's first read to the one
 * close into which all ways to end lead.
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
import { watchLifetime } from "./lifetime.ts";
import { watchStart } from "./start_timeout.ts";
import type { Negotiation } from "./negotiation.ts";
import type { CheckedServeEventsOptions } from "./option_checks.ts";
import { openStream } from "./sink.ts";
import { StreamCompressor } from "./stream_compressor.ts";
import { onDeparture, whenAnswered } from "./request_hooks.ts";
import { respond } from "./respond.ts";
import { assertReturnableId, describeMismatch } from "../_validate.ts";
import { isAbortOf, tellError } from "../_warning.ts";
import { encodeEvent } from "../encoder.ts";
import type { ServerSentEventInit } from "../event.ts";

/** What `send()` returns while the client has no room. */
interface Room {
  promise: Promise<boolean>;
  fulfil: (hasRoom: boolean) => void;
}

/** A session. Its body, its timers and its source keep it alive. */
export class Session implements EventSession {
  readonly request: Request;
  readonly lastEventId: string | undefined;
  readonly closed: Promise<CloseReason>;
  readonly #options: CheckedServeEventsOptions;
  readonly #body: EventStreamBody;
  readonly #compressor: StreamCompressor | undefined;
  readonly #keepAlive: KeepAlive;
  readonly #abortController = new AbortController();
  /** Fulfils `closed`; set by the constructor of that promise. */
  #fulfilClosed!: (reason: CloseReason) => void;
  /** Where the events come from, until the client begins to read or the session is closed. */
  #source: ServeEventsSource | undefined;
  /** The source once it is opened, which has to be released; cleared when it ends. */
  #iterator: SourceIterator | undefined;
  /** What calls of `send()` wait for: set by the first of them, cleared when they are told. */
  #room: Room | undefined;
  /** Why the session is closed; `undefined` while it is open. */
  #reason: CloseReason | undefined;
  /** Ends the listening for the client's departure; `undefined` if the client left before. */
  #endListening: (() => void) | undefined;
  /** Ends the watch over the first read, and over the lifetime once the client reads. */
  #endWatch: (() => void) | undefined;

  /**
   * Makes a response. Before its body is first read, nothing is called, and nothing is
   * held but the watch over that read. If the body is cancelled before, or is not read in
   * time, the source is released without having been asked for an event.
   *
   * @param request The request that is answered.
   * @param source Where the events come from.
   * @param options What the session depends on.
   * @param negotiation What was negotiated with the client.
   * @returns The response.
   */
  static open(
    request: Request,
    source: ServeEventsSource,
    options: CheckedServeEventsOptions,
    negotiation: Negotiation,
  ): Response {
    const session = new Session(request, source, options, negotiation);
    const response = respond(request, session.#body, 0, negotiation);
    const { startTimeout } = options;
    if (startTimeout !== Infinity) {
      const onTimeout = (): void => session.#close("client");
      whenAnswered(request, () => {
        if (session.#endWatch !== undefined || session.#reason !== undefined) {
          return;
        }
        session.#endWatch = watchStart(startTimeout, onTimeout);
      });
    }
    // A client that leaves cancels the body in Deno, Bun and workerd; other servers
    // abort the request instead, and some do both, in either order.
    let open: Session | undefined = session;
    const endListening = onDeparture(request, {
      handleDeparture() {
        if (open !== undefined) open.#close("client");
      },
    });
    session.#endListening = () => {
      open = undefined;
      endListening?.();
    };
    return response;
  }

  /** Releases a source for which there is no response with a stream. */
  static discard(
    request: Request,
    source: ServeEventsSource,
    options: CheckedServeEventsOptions,
  ): void {
    const session = new Session(request, source, options, {});
    openStream(session.#body, 0).cancel();
  }

  private constructor(
    request: Request,
    source: ServeEventsSource,
    options: CheckedServeEventsOptions,
    { lastEventId, compression }: Partial<Negotiation>,
  ) {
    this.request = request;
    this.lastEventId = lastEventId;
    this.closed = new Promise((resolve) => {
      this.#fulfilClosed = resolve;
    });
    this.#source = source;
    this.#options = options;
    this.#compressor = compression && new StreamCompressor(compression);
    this.#body = new EventStreamBody(
      () => this.#handleRoom(),
      () => this.#close("client"),
    );
    this.#keepAlive = new KeepAlive(options.keepAlive, () => {
      // For a slow client comments would only pile up.
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
    this.#endWatch?.();
    this.#endWatch = watchLifetime(
      this.#options,
      (reason) => this.#close(reason),
    );
    // A signal that is aborted already has closed it.
    if (this.#reason !== undefined) return;
    this.#source = undefined;
    this.#keepAlive.startAtFirstByte();
    const { retry } = this.#options;
    if (retry !== undefined) this.#write(encodeEvent({ retry }));
    this.#run(source);
  }

  async #run(source: ServeEventsSource): Promise<void> {
    try {
      const events = typeof source === "function" ? await source(this) : source;
      if (events === undefined) return;
      if (!isEventIterable(events)) {
        throw new TypeError(
          describeMismatch(
            "serve events",
            "source()",
            "an iterable, a stream or nothing",
            events,
          ),
        );
      }
      this.#iterator = openIterator(events);
      await this.#relay(this.#iterator);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #relay(iterator: SourceIterator): Promise<void> {
    while (this.#hasRoom() || await this.#waitForRoom()) {
      let result: EventResult;
      try {
        result = await iterator.next();
      } catch (error) {
        this.#iterator = undefined;
        throw error;
      }
      if (result.done) {
        this.#iterator = undefined;
        this.#close("source");
        return;
      }
      this.#write(encodeReturnable(result.value));
    }
    // The session was closed while the source function was running.
    this.#release();
  }

  #write(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#reason !== undefined) return;
    const bytes = this.#compressor?.encode(chunk) ?? chunk;
    const { waitingBytes } = this.#body;
    // Back-pressure: of what a slow client has not read, so much is kept. A chunk of any
    // size is taken where nothing waits; otherwise a large event could never be sent.
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
    if (isAbortOf(this.signal, error)) return;
    // Without `onError`, the runtime is told: it reports the failed body. After the end
    // there is no body any more.
    const isTold = this.#reason === undefined &&
      this.#options.onError === undefined;
    if (isTold) this.#body.fail(error);
    this.#close("error");
    if (!isTold) this.#report(error);
  }

  #close(reason: CloseReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#endWatch?.();
    this.#keepAlive.stop();
    this.#endListening?.();
    const trailer = this.#compressor?.end();
    // After what was dropped, no trailer: the client may see that the stream is not whole.
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
    // A generator that closes the session itself still runs until it yields: `return()`
    // of a running generator throws.
    await undefined;
    try {
      const iterator = source === undefined || typeof source === "function"
        ? this.#iterator
        : openIterator(source);
      this.#iterator = undefined;
      await iterator?.return?.();
    } catch (error) {
      if (!isAbortOf(this.signal, error)) this.#report(error);
    }
  }

  #report(error: unknown): void {
    const { onError } = this.#options;
    const what = "The source of a response fails";
    tellError(onError, "TIDINGS_SOURCE", what, error, this.request);
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventSession";
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
