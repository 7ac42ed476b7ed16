// Copyright 2026 the Tidings authors. MIT license.

/**
 * The session of one socket at the server: the stream that resumes, and the POSTs.
 * `serveSocket()` makes it, and finds it again for later requests.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import { startIdleTimer } from "../_idle_timer.ts";
import { encodeEvent } from "../encoder.ts";
import type { ServerSentEvent } from "../event.ts";
import { describeMismatch } from "../_validate.ts";
import { EventStreamBody } from "../_server/body.ts";
import { KEEP_ALIVE_COMMENT, KeepAlive } from "../_server/keep_alive.ts";
import { openStream } from "../_server/sink.ts";
import { ChunkCutter } from "./_chunk_cutter.ts";
import {
  ABNORMAL_CLOSURE,
  type CloseReason,
  REPLACED,
} from "./_close_reason.ts";
import { HttpError } from "./_http_error.ts";
import { makeOpening } from "./_opening.ts";
import type { PostBody } from "./_post_body.ts";
import { PostReader } from "./_post_reader.ts";
import { ProtocolReader, ProtocolViolation, tooMuch } from "./_protocol.ts";
import { SendBuffer } from "./_send_buffer.ts";
import type { SocketEvents, Transport } from "./_transport.ts";
import type { SocketSettings } from "./_session_settings.ts";
import { OPEN_EVENT, type SocketData } from "./_wire_format.ts";

/**
 * The server's side of one socket: from the request that opens it, until the client has
 * confirmed the close or has not come back in time.
 */
export class SocketSession implements Transport {
  /** The ID that the client sends with each later request. */
  readonly id: string = crypto.randomUUID();
  readonly #protocol: string;
  readonly #settings: SocketSettings;
  readonly #events: SocketEvents;
  readonly #onEnd: () => void;
  readonly #sendBuffer = new SendBuffer();
  /** What the stream is written from. */
  readonly #chunks = new ChunkCutter(this.#sendBuffer);
  readonly #reader: ProtocolReader;
  readonly #keepAlive: KeepAlive;
  /** The stream that the client reads; undefined while the client is away. */
  #body: EventStreamBody | undefined;
  /** Whether the client has not begun to read the stream yet. */
  #isUnread = false;
  /** The `open` event; undefined once it was written. */
  #preamble: Uint8Array<ArrayBuffer> | undefined;
  /** Stops the timer that runs while the client is away. */
  #stopAwayTimer: (() => void) | undefined;
  #isFlushDue = false;
  /** Whether the close event of this side is in the send buffer. */
  #hasClosed = false;
  #hasEnded = false;
  /** Stops listening to the signal of the options. */
  readonly #stopListening: () => void;
  /** The newest POST, until its response. */
  #post: PostReader | undefined;
  /** Ends the wait of a POST for a client that reads too slowly. */
  #endWait: () => void = () => {};

  /**
   * @param protocol The subprotocol that was chosen.
   * @param settings The options.
   * @param events What the socket is told.
   * @param onEnd Called when the session is over.
   */
  constructor(
    protocol: string,
    settings: SocketSettings,
    events: SocketEvents,
    onEnd: () => void,
  ) {
    this.#protocol = protocol;
    this.#settings = settings;
    this.#events = events;
    this.#onEnd = onEnd;
    this.#preamble = encodeEvent({
      event: OPEN_EVENT,
      data: JSON.stringify(makeOpening(this.id, protocol, settings)),
    });
    this.#reader = new ProtocolReader("client", settings.maxMessageSize);
    this.#keepAlive = new KeepAlive(settings.keepAlive, () => {
      if (this.#body?.hasRoom) this.#body.write(KEEP_ALIVE_COMMENT);
    });
    this.#stopListening = listenForAbort(
      settings.signal,
      this.#handleShutdown,
    );
    this.#leave();
  }

  /** Whether the client reads no stream at present. */
  get isAway(): boolean {
    return this.#body === undefined;
  }

  get bufferedAmount(): number {
    return this.#sendBuffer.waitingBytes;
  }

  send(data: SocketData): void {
    if (this.#hasClosed) return;
    this.#sendBuffer.push(data);
    if (this.#isFull()) this.end(tooMuch(this.#settings.maxBuffered));
    else this.#flushLater();
  }

  close(reason: CloseReason): void {
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    this.#sendBuffer.pushClose(reason);
    this.#awaitClient();
    this.#flushLater();
  }

  fail(): void {
    this.#end();
  }

  /** Closes the socket for a reason that the application did not give. */
  end(reason: CloseReason): void {
    if (!this.#hasClosed) {
      this.#sendBuffer.dropUnsent();
      this.close(reason);
    }
    this.#events.close({ ...reason, wasClean: false });
  }

  /**
   * Ends the session at once, since a newer one takes its place. It does not wait for the
   * client, which may have vanished: a client that opens sockets again and again would
   * leave a session for each of them.
   */
  replace(): void {
    this.end(REPLACED);
    // The rest of a message would stay in memory for as long as the connection of a client
    // that has vanished. Without it, the client asks for the rest, and gets status 404.
    if (!this.#chunks.hasRest) this.#writeRest();
    this.#end();
  }

  /**
   * Checks whether the stream can be resumed.
   *
   * @param lastEventId The ID of the last event that the client has, 0 for none.
   * @throws {HttpError} If the events after it are gone, or it was never sent.
   */
  assertResumable(lastEventId: number): void {
    const { acknowledged, sent } = this.#sendBuffer;
    if (lastEventId >= acknowledged && lastEventId <= sent) return;
    // Not a violation: a proxy may have delayed the request.
    throw new HttpError(
      400,
      describeMismatch(
        "resume socket",
        "Last-Event-ID",
        lastEventId > sent ? `at most ${sent}` : `at least ${acknowledged}`,
        lastEventId,
      ),
    );
  }

  /**
   * Makes the body of a response that resumes the stream.
   *
   * @param lastEventId The ID of the last event that the client has, 0 for none.
   * @throws {HttpError} If the events after it are gone.
   */
  openStream(lastEventId: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#acknowledge(lastEventId);
    this.assertResumable(lastEventId);
    this.#sendBuffer.resume(lastEventId);
    // The client notices the loss of the older stream before this side does.
    this.#leave();
    const body = new EventStreamBody(
      () => this.#handleRoom(body),
      () => this.#leave(),
    );
    this.#body = body;
    this.#isUnread = true;
    return openStream(body, 0);
  }

  /**
   * Takes the body of a POST. Against a slow client, it returns once less waits to be sent
   * (back-pressure). It ends the POST before: a client sends one at a time, so that POST
   * has lost its connection, or a hostile client uses it to hold memory that no limit
   * counts.
   *
   * @param lastEventId The last event that the client has received.
   * @param body The body.
   * @throws {HttpError} If it is refused.
   */
  async receive(
    lastEventId: number,
    body: PostBody,
  ): Promise<void> {
    const post = new PostReader(
      this.#settings,
      (event) => this.#take(event),
      () => this.#assertRoom(),
    );
    this.#stopPost(429, "Cannot receive messages: a newer POST has come");
    this.#post = post;
    try {
      this.#acknowledge(lastEventId);
      await post.read(body);
      this.#endIfConfirmed();
      while (this.#post === post && this.#isCongested()) {
        await new Promise<void>((resolve) => this.#endWait = resolve);
      }
    } catch (error) {
      const isViolation = error instanceof ProtocolViolation;
      const refusal = isViolation ? this.#refuse(error) : error;
      this.#endIfConfirmed();
      throw refusal;
    } finally {
      if (this.#post === post) this.#post = undefined;
    }
  }

  #handleRoom(body: EventStreamBody): void {
    if (body !== this.#body) return;
    if (!this.#hasClosed) this.#stopAwayTimer?.();
    this.#keepAlive.stop();
    if (this.#isUnread) this.#keepAlive.startAtFirstByte();
    else this.#keepAlive.start();
    this.#isUnread = false;
    if (this.#preamble !== undefined) {
      this.#keepAlive.touch();
      body.write(this.#preamble);
      this.#preamble = undefined;
      this.#reader.begin();
      this.#events.open(this.#protocol);
    }
    this.#flush();
  }

  #flushLater(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    // Messages that are sent within one microtask go into one chunk.
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const body = this.#body;
    if (body === undefined || !body.hasRoom) return;
    while (this.#chunks.hasOutput && body.hasRoom) {
      const { sent } = this.#sendBuffer;
      this.#keepAlive.touch();
      body.write(this.#chunks.take());
      this.#endWait();
      if (this.#sendBuffer.sent > sent) this.#handleProgress();
    }
    // The close event was the last one.
    if (this.#hasClosed && !this.#chunks.hasOutput) this.#leave();
  }

  #take(event: ServerSentEvent): void {
    const read = this.#reader.read(event);
    if (read?.type === "message") this.#events.message(read.data);
    if (read?.type === "close") this.#handleClose(read.reason);
  }

  #acknowledge(id: number): void {
    const { acknowledged, sent } = this.#sendBuffer;
    if (!this.#sendBuffer.acknowledge(id)) {
      throw this.#refuse(
        new ProtocolViolation(
          describeMismatch(
            "take request",
            "Last-Event-ID",
            `at most ${sent}`,
            id,
          ),
        ),
      );
    }
    if (id > acknowledged) this.#handleProgress();
  }

  /** Ends the session if the client has confirmed the close event of this side. */
  #endIfConfirmed(): void {
    if (this.#hasClosed && this.#sendBuffer.isEmpty) this.#end();
  }

  #handleClose(reason: CloseReason): void {
    this.close(reason);
    this.#events.close({ ...reason, wasClean: true });
  }

  /** Closes the socket for a violation. Returns the error for its request. */
  #refuse(violation: ProtocolViolation): HttpError {
    this.end(violation.closeReason);
    const status = violation.code === 1009 ? 413 : 400;
    return new HttpError(status, violation.message);
  }

  readonly #handleShutdown = (): void => {
    const reason: CloseReason = { code: 1001, reason: "" };
    this.close(reason);
    this.#writeRest();
    this.#events.close({ ...reason, wasClean: false });
    this.#end();
  };

  /**
   * Writes all that waits to the stream, if there is one: the client will not be able to
   * ask for it.
   */
  #writeRest(): void {
    if (this.#body === undefined) return;
    if (this.#preamble !== undefined) this.#body.write(this.#preamble);
    this.#body.write(this.#chunks.takeAll());
  }

  #isCongested(): boolean {
    return !this.#hasEnded &&
      this.#sendBuffer.waitingBytes > this.#settings.maxBuffered / 2;
  }

  /** Whether the session buffers more bytes than it may, both directions together. */
  #isFull(): boolean {
    const { pendingBytes = 0 } = this.#post ?? {};
    return this.#sendBuffer.wireBytes + pendingBytes >
      this.#settings.maxBuffered;
  }

  #assertRoom(): void {
    if (!this.#isFull()) return;
    const reason = tooMuch(this.#settings.maxBuffered);
    this.end(reason);
    throw new HttpError(413, reason.reason);
  }

  /** Ends the POST that is being read, or that waits for its response. */
  #stopPost(status: number, message: string): void {
    this.#post?.stop(new HttpError(status, message));
    this.#post = undefined;
    this.#endWait();
  }

  /** Ends the stream, if there is one, and begins to wait for the next. */
  #leave(): void {
    if (this.#hasEnded) return;
    this.#keepAlive.stop();
    this.#body?.end();
    this.#body = undefined;
    this.#chunks.dropRest();
    // Once the socket is closed, only events that the client takes or confirms count: a
    // client that resumes again and again would keep the session for ever.
    if (!this.#hasClosed) this.#awaitClient();
  }

  #handleProgress(): void {
    if (this.#hasClosed) this.#awaitClient();
  }

  /** Gives the client the whole session timeout, from now on. */
  #awaitClient(): void {
    if (this.#hasEnded) return;
    this.#stopAwayTimer?.();
    this.#stopAwayTimer = startIdleTimer(
      this.#settings.sessionTimeout,
      () => this.#end(),
    );
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#leave();
    this.#hasEnded = true;
    this.#stopAwayTimer?.();
    this.#stopListening();
    this.#stopPost(404, "Cannot receive messages: the socket is closed");
    // The socket ignores it if it is closed already.
    this.#events.close(ABNORMAL_CLOSURE);
    this.#onEnd();
  }
}
