// Copyright 2026 the Tidings authors. MIT license.

import { EventStreamBody } from "../_server/body.ts";
import { openStream } from "../_server/sink.ts";
import { encodeEvent, encodeEvents } from "../encoder.ts";
import { KEEP_ALIVE_COMMENT, KeepAlive } from "../_server/keep_alive.ts";
import { SocketInbox } from "./_inbox.ts";
import { Outbox } from "./_outbox.ts";
import { Refusal } from "./_refusal.ts";
import {
  type CloseReason,
  LOST,
  type SocketEvents,
  type Transport,
} from "./_transport.ts";
import { OPEN_EVENT, type Opening, type SocketData } from "./_wire.ts";

/** What a session depends on, checked and with the defaults filled in. */
export interface SocketSettings {
  keepAlive: number;
  sessionTimeout: number;
  maxMessageSize: number;
  maxBatchSize: number;
  maxBuffered: number;
  signal: AbortSignal | undefined;
}

/** Bytes of events that go into one chunk of the stream. */
const CHUNK_SIZE = 65_536;

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
  readonly #outbox = new Outbox();
  readonly #inbox: SocketInbox;
  readonly #keepAlive: KeepAlive;
  // The stream that the client reads; undefined while it is away.
  #body: EventStreamBody | undefined;
  // What the stream begins with, until it has.
  #preamble: Uint8Array<ArrayBuffer> | undefined;
  #awayTimer: ReturnType<typeof setTimeout> | undefined;
  #isFlushDue = false;
  // Whether the close event of this side is in the outbox.
  #hasClosed = false;
  #hasEnded = false;
  // POSTs that wait until less waits for the client.
  #waiters: (() => void)[] = [];

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
    const { sessionTimeout, maxBatchSize, maxBuffered, keepAlive } = settings;
    const opening: Opening = {
      session: this.id,
      protocol,
      sessionTimeout,
      maxBatchSize,
      acknowledgeAfter: maxBuffered / 8,
    };
    this.#preamble = encodeEvent({
      event: OPEN_EVENT,
      data: JSON.stringify(opening),
    });
    this.#inbox = new SocketInbox(settings, {
      message: (data) => events.message(data),
      close: (reason) => this.#handleClose(reason),
    });
    this.#keepAlive = new KeepAlive(keepAlive, () => {
      if (this.#body?.hasRoom) this.#body.write(KEEP_ALIVE_COMMENT);
    });
    settings.signal?.addEventListener("abort", this.#handleShutdown);
    this.#leave();
  }

  get bufferedAmount(): number {
    return this.#outbox.waitingBytes;
  }

  send(data: SocketData): void {
    if (this.#hasClosed) return;
    this.#outbox.push(data);
    if (this.#outbox.wireBytes > this.#settings.maxBuffered) {
      this.#closeAtOnce(1013);
    } else {
      this.#flushLater();
    }
  }

  close(reason: CloseReason): void {
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    this.#outbox.pushClose(reason);
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
   * @throws {Refusal} If it cannot go on there.
   */
  openStream(lastEventId: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (!this.#outbox.resume(lastEventId)) {
      throw new Refusal(
        400,
        `Cannot resume socket: "Last-Event-ID" is ${lastEventId}, the last event that was received is wanted`,
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
   * Takes the body of a POST, and waits until less waits for the client.
   *
   * @param lastEventId The last event that the client has received.
   * @param body The body.
   * @throws {Refusal} If it is not what a client of this package sends.
   */
  async receive(
    lastEventId: number,
    body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    if (!this.#outbox.acknowledge(lastEventId)) {
      throw new Refusal(
        400,
        `Cannot receive messages: "Last-Event-ID" is ${lastEventId}, an event that was sent is wanted`,
      );
    }
    try {
      await this.#inbox.read(body);
    } catch (error) {
      if (error instanceof Refusal && error.code !== undefined) {
        this.#closeAtOnce(error.code);
      }
      throw error;
    }
    // The client knows that the socket is closed, and needs nothing more.
    if (this.#hasClosed && this.#outbox.isEmpty) this.#end();
    while (this.#isCongested()) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #handleRoom(body: EventStreamBody): void {
    if (body !== this.#body) return;
    clearTimeout(this.#awayTimer);
    // One that does not read on will not answer either.
    if (this.#hasClosed) this.#awaitClient();
    this.#keepAlive.stop();
    this.#keepAlive.start();
    if (this.#preamble !== undefined) {
      body.write(this.#preamble);
      this.#preamble = undefined;
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
    while (this.#outbox.hasWaiting && body.hasRoom) {
      this.#keepAlive.touch();
      body.write(encodeEvents(this.#outbox.take(CHUNK_SIZE)));
      this.#tellWaiters();
    }
    // The close event was the last.
    if (this.#hasClosed && !this.#outbox.hasWaiting) this.#leave();
  }

  #handleClose(reason: CloseReason): void {
    this.close(reason);
    this.#events.close({ ...reason, wasClean: true });
  }

  /** Closes the socket for a reason that is not the application's. */
  #closeAtOnce(code: number): void {
    if (!this.#hasClosed) {
      this.#outbox.dropWaiting();
      this.close({ code, reason: "" });
    }
    this.#events.close({ code, reason: "", wasClean: false });
  }

  readonly #handleShutdown = (): void => {
    this.close({ code: 1001, reason: "" });
    // There is no later: neither for what the client has not asked for yet, nor
    // for its answer.
    this.#body?.write(encodeEvents(this.#outbox.take(Infinity)));
    this.#events.close({ code: 1001, reason: "", wasClean: false });
    this.#end();
  };

  #isCongested(): boolean {
    return !this.#hasEnded &&
      this.#outbox.waitingBytes > this.#settings.maxBuffered / 2;
  }

  #tellWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  /** Ends the stream, if there is one, and begins to wait for the next. */
  #leave(): void {
    if (this.#hasEnded) return;
    this.#keepAlive.stop();
    this.#body?.end();
    this.#body = undefined;
    this.#awaitClient();
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
    this.#tellWaiters();
    // Ignored if the socket is closed already.
    this.#events.close(LOST);
    this.#onEnd();
  }
}
