// Copyright 2026 the Tidings authors. MIT license.

import type { ServerSentEvent } from "../event.ts";
import { EventStreamBody } from "../_server/body.ts";
import { openStream } from "../_server/sink.ts";
import { encodeEvent, encodeEvents } from "../encoder.ts";
import { KEEP_ALIVE_COMMENT, KeepAlive } from "../_server/keep_alive.ts";
import { ABNORMAL_CLOSURE, type CloseReason } from "./_close_reason.ts";
import { SendBuffer } from "./_send_buffer.ts";
import { type PostLimits, PostReader } from "./_post_reader.ts";
import { ProtocolReader, ProtocolViolation, tooMuch } from "./_protocol.ts";
import { HttpError } from "./_http_error.ts";
import type { SocketEvents, Transport } from "./_transport.ts";
import { OPEN_EVENT, type Opening, type SocketData } from "./_wire_format.ts";

/** What a session depends on, checked and with the defaults filled in. */
export interface SocketSettings extends PostLimits {
  keepAlive: number;
  maxBuffered: number;
  signal: AbortSignal | undefined;
}

/** The most bytes of one chunk of the stream. */
const CHUNK_SIZE = 65_536;
const NOTHING = new Uint8Array(0);

/**
 * The server's side of one socket, from the request that began it until its client
 * knows that it is closed, or has not come back in time.
 */
export class SocketSession implements Transport {
  /** What the client shows to be let in again. */
  readonly id: string = crypto.randomUUID();
  readonly #protocol: string;
  readonly #settings: SocketSettings;
  readonly #events: SocketEvents;
  readonly #onEnd: () => void;
  readonly #sendBuffer = new SendBuffer();
  readonly #reader: ProtocolReader;
  readonly #keepAlive: KeepAlive;
  // The stream that the client reads; undefined while it is away.
  #body: EventStreamBody | undefined;
  // What the stream begins with, until it has.
  #preamble: Uint8Array<ArrayBuffer> | undefined;
  // What was taken for the stream and is larger than a chunk, as far as it is left.
  #rest: Uint8Array<ArrayBuffer> = NOTHING;
  #awayTimer: ReturnType<typeof setTimeout> | undefined;
  #isFlushDue = false;
  // Whether the close event of this side is in the send buffer.
  #hasClosed = false;
  #hasEnded = false;
  // The newest POST, until it is answered.
  #post: PostReader | undefined;
  // Ends the wait of a POST until less waits for the client.
  #endWait: () => void = () => {};

  /**
   * @param protocol The subprotocol that was chosen.
   * @param settings What the session depends on.
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
      data: JSON.stringify(this.#makeOpening()),
    });
    this.#reader = new ProtocolReader("client", settings.maxMessageSize);
    this.#keepAlive = new KeepAlive(settings.keepAlive, () => {
      if (this.#body?.hasRoom) this.#body.write(KEEP_ALIVE_COMMENT);
    });
    settings.signal?.addEventListener("abort", this.#handleShutdown);
    this.#leave();
  }

  get bufferedAmount(): number {
    return this.#sendBuffer.waitingBytes;
  }

  send(data: SocketData): void {
    if (this.#hasClosed) return;
    this.#sendBuffer.push(data);
    if (this.#isFull()) this.#closeAtOnce(tooMuch(this.#settings.maxBuffered));
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

  /**
   * Makes the body of a response that goes on after an event.
   *
   * @param lastEventId The event, 0 for the beginning.
   * @throws {HttpError} If it cannot go on there.
   */
  openStream(lastEventId: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#acknowledge(lastEventId);
    if (!this.#sendBuffer.resume(lastEventId)) {
      // No violation: a proxy may have delayed the request.
      throw new HttpError(
        400,
        `Cannot resume socket: "Last-Event-ID" is ${lastEventId}, expected at least ${this.#sendBuffer.acknowledged}`,
      );
    }
    // The client knows that the older one is lost before this side does.
    this.#leave();
    const body = new EventStreamBody(
      () => this.#handleRoom(body),
      () => this.#leave(),
    );
    this.#body = body;
    return openStream(body, 0);
  }

  /**
   * Takes the body of a POST, and waits until less waits for the client. It ends the POST
   * before it: a client sends one at a time, so that one has lost its connection, or is
   * about to hold memory that no limit counts.
   *
   * @param lastEventId The last event that the client has received.
   * @param body The body, `null` if there is none.
   * @throws {HttpError} If it is not what a client of this package sends.
   */
  async receive(
    lastEventId: number,
    body: ReadableStream<Uint8Array> | null,
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
      if (body !== null) await post.read(body);
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

  #makeOpening(): Opening {
    const { sessionTimeout, maxBatchSize, maxBuffered } = this.#settings;
    const most = Number.MAX_SAFE_INTEGER;
    return {
      session: this.id,
      protocol: this.#protocol,
      sessionTimeout,
      // JSON has no Infinity.
      maxBatchSize: Math.min(maxBatchSize, most),
      acknowledgeAfter: Math.min(Math.ceil(maxBuffered / 8), most),
    };
  }

  #handleRoom(body: EventStreamBody): void {
    if (body !== this.#body) return;
    if (!this.#hasClosed) clearTimeout(this.#awayTimer);
    this.#keepAlive.stop();
    this.#keepAlive.start();
    if (this.#preamble !== undefined) {
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
    // What is sent in this turn goes together.
    queueMicrotask(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #flush(): void {
    const body = this.#body;
    if (body === undefined || !body.hasRoom) return;
    while (this.#hasOutput() && body.hasRoom) {
      this.#keepAlive.touch();
      body.write(this.#takeChunk());
    }
    // The close event was the last.
    if (this.#hasClosed && !this.#hasOutput()) this.#leave();
  }

  #hasOutput(): boolean {
    return this.#rest.length > 0 || this.#sendBuffer.hasWaiting;
  }

  #takeChunk(): Uint8Array<ArrayBuffer> {
    if (this.#rest.length === 0) {
      const { sent } = this.#sendBuffer;
      const taken = encodeEvents(this.#sendBuffer.take(CHUNK_SIZE));
      this.#endWait();
      if (this.#sendBuffer.sent > sent) this.#handleProgress();
      if (taken.length <= CHUNK_SIZE) return taken;
      this.#rest = taken;
    }
    // A copy: a part of the buffer would keep all of it. A client that begins its stream
    // again and again, and reads none, would hold a whole message by each connection.
    const chunk = this.#rest.slice(0, CHUNK_SIZE);
    this.#rest = this.#rest.subarray(CHUNK_SIZE);
    return chunk;
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
          `Cannot take request: "Last-Event-ID" is ${id}, expected at most ${sent}`,
        ),
      );
    }
    if (id > acknowledged) this.#handleProgress();
  }

  /** Ends the session if its client knows that the socket is closed, and needs nothing more. */
  #endIfConfirmed(): void {
    if (this.#hasClosed && this.#sendBuffer.isEmpty) this.#end();
  }

  #handleClose(reason: CloseReason): void {
    this.close(reason);
    this.#events.close({ ...reason, wasClean: true });
  }

  /** Closes the socket for a violation. Gives the answer to its request. */
  #refuse(violation: ProtocolViolation): HttpError {
    this.#closeAtOnce(violation.closeReason);
    const status = violation.code === 1009 ? 413 : 400;
    return new HttpError(status, violation.message);
  }

  /** Closes the socket for a reason that is not the application's. */
  #closeAtOnce(reason: CloseReason): void {
    if (!this.#hasClosed) {
      this.#sendBuffer.dropUnsent();
      this.close(reason);
    }
    this.#events.close({ ...reason, wasClean: false });
  }

  readonly #handleShutdown = (): void => {
    this.close({ code: 1001, reason: "" });
    // There is no later: neither for what the client has not asked for yet, nor
    // for its answer.
    if (this.#rest.length > 0) this.#body?.write(this.#rest);
    this.#body?.write(encodeEvents(this.#sendBuffer.take(Infinity)));
    this.#events.close({ code: 1001, reason: "", wasClean: false });
    this.#end();
  };

  #isCongested(): boolean {
    return !this.#hasEnded &&
      this.#sendBuffer.waitingBytes > this.#settings.maxBuffered / 2;
  }

  /** Whether more is kept for this session than may be, in either direction. */
  #isFull(): boolean {
    const { pendingBytes = 0 } = this.#post ?? {};
    return this.#sendBuffer.wireBytes + pendingBytes >
      this.#settings.maxBuffered;
  }

  #assertRoom(): void {
    if (!this.#isFull()) return;
    const reason = tooMuch(this.#settings.maxBuffered);
    this.#closeAtOnce(reason);
    throw new HttpError(413, reason.reason);
  }

  /** Ends the POST that is being read, or the wait of one that was. */
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
    this.#rest = NOTHING;
    // Once the socket is closed, only progress counts: otherwise a client that comes
    // again and again would keep the session.
    if (!this.#hasClosed) this.#awaitClient();
  }

  #handleProgress(): void {
    if (this.#hasClosed) this.#awaitClient();
  }

  /** Gives the client as long as it may be away, from now on. */
  #awaitClient(): void {
    if (this.#hasEnded) return;
    clearTimeout(this.#awayTimer);
    this.#awayTimer = setTimeout(
      () => this.#end(),
      this.#settings.sessionTimeout,
    );
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#leave();
    this.#hasEnded = true;
    clearTimeout(this.#awayTimer);
    this.#settings.signal?.removeEventListener("abort", this.#handleShutdown);
    this.#stopPost(404, "Cannot receive messages: the socket is closed");
    // Ignored if the socket is closed already.
    this.#events.close(ABNORMAL_CLOSURE);
    this.#onEnd();
  }
}
