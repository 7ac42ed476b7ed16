// Copyright 2026 the Tidings authors. MIT license.

import { drawDelay } from "../_client/backoff.ts";
import {
  connect,
  type Disconnection,
  type EventStreamConnection,
} from "../client.ts";
import { encodeEvents } from "../encoder.ts";
import { EVENT_STREAM_TYPE, type ServerSentEvent } from "../event.ts";
import type { EventStreamSocketOptions } from "./_options.ts";
import { EVENT_OVERHEAD, Outbox } from "./_outbox.ts";
import {
  type CloseFacts,
  type CloseReason,
  isCloseReason,
  LOST,
  type SocketEvents,
  type Transport,
} from "./_transport.ts";
import {
  CLOSE_EVENT,
  fromEvent,
  NEW_SESSION,
  OPEN_EVENT,
  type Opening,
  PROTOCOLS_HEADER,
  SESSION_HEADER,
  type SocketData,
} from "./_wire.ts";

const DEFAULT_IDLE_TIMEOUT = 45_000;
const DEFAULT_RECONNECTION_TIME = 500;
// Once the server has closed the socket, only it still needs the answer.
const MAX_LAST_ATTEMPTS = 3;
// What a server's IDs are like, and what stands for none.
const COUNT_REGEXP = /^\d*$/;
// Bytes of a POST at first, and at least.
const FIRST_BATCH_SIZE = 65_536;
const MIN_BATCH_SIZE = 1024;

/**
 * A client's messages over an event stream and POSTs. The stream resumes by its
 * last event ID; what is posted is repeated until the server has answered, and its
 * ids tell the server what it has seen.
 */
export class StreamTransport implements Transport {
  readonly #url: string;
  readonly #protocols: readonly string[];
  readonly #options: EventStreamSocketOptions;
  readonly #events: SocketEvents;
  readonly #connection: EventStreamConnection;
  readonly #outbox = new Outbox();
  // What the server said first; undefined until the socket is open.
  #opening: Opening | undefined;
  // How the server closed the socket, until the socket is told.
  #closing: CloseFacts | undefined;
  // Whether our side has closed it.
  #hasClosed = false;
  #hasEnded = false;
  #isFlushing = false;
  // Whether the server has refused a POST for good.
  #isRefused = false;
  // The last event ID that the server is known to have got.
  #acknowledged = "";
  // Bytes of the events since then.
  #unacknowledgedBytes = 0;
  // Bytes of the next POST. It doubles with each that arrives, and is halved by each
  // that does not: a network that breaks a long one may let shorter ones pass.
  #batchSize = FIRST_BATCH_SIZE;
  // POSTs that failed since the last that did not.
  #failures = 0;
  // Aborts the POST that is under way, or ends the wait before the next one.
  #stopPost: () => void = () => {};
  // Runs while the server cannot be reached, and its patience with it.
  #lossTimer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param url Where the requests go.
   * @param protocols The subprotocols to choose from.
   * @param options How they are sent.
   * @param events What the socket is told.
   */
  constructor(
    url: string,
    protocols: readonly string[],
    options: EventStreamSocketOptions,
    events: SocketEvents,
  ) {
    this.#url = url;
    this.#protocols = protocols;
    const {
      backoff,
      fetch,
      headers,
      idleTimeout = DEFAULT_IDLE_TIMEOUT,
      reconnectionTime = DEFAULT_RECONNECTION_TIME,
      withCredentials,
    } = options;
    this.#options = {
      backoff,
      fetch,
      headers,
      idleTimeout,
      reconnectionTime,
      withCredentials,
    };
    this.#events = events;
    this.#connection = connect(url, {
      ...this.#options,
      headers: () => this.#makeStreamHeaders(),
      shouldReconnect: (disconnection) => this.#shouldReconnect(disconnection),
      onStateChange: ({ state }) => {
        if (state === "reconnecting") this.#startLossTimer();
        else this.#stopLossTimer();
      },
    });
    this.#read();
  }

  get bufferedAmount(): number {
    return this.#outbox.bytes;
  }

  send(data: SocketData): void {
    this.#outbox.push(data);
    this.#flush();
  }

  close(reason: CloseReason): void {
    if (this.#opening === undefined) {
      // Not at once: the caller has yet to see the state CLOSING.
      queueMicrotask(() => this.fail());
    } else {
      this.#pushClose(reason);
    }
  }

  fail(): void {
    this.#end(LOST);
  }

  async #read(): Promise<void> {
    try {
      for await (const event of this.#connection) this.#take(event);
    } catch {
      // As with a WebSocket, scripts do not learn why a connection failed.
    }
    if (this.#closing === undefined) this.fail();
  }

  #take(event: ServerSentEvent): void {
    if (event.event === OPEN_EVENT) return this.#open(JSON.parse(event.data));
    if (event.event === CLOSE_EVENT) {
      return this.#handleClose(JSON.parse(event.data));
    }
    this.#unacknowledgedBytes += event.data.length + EVENT_OVERHEAD;
    this.#events.message(fromEvent(event));
    if (this.#mustAcknowledge()) this.#flush();
  }

  #open(opening: Opening): void {
    this.#opening = opening;
    const { protocol } = opening;
    // Fetch: a server that chooses none of the protocols, or another, fails the
    // connection.
    const isExpected = this.#protocols.length === 0
      ? protocol === ""
      : this.#protocols.includes(protocol);
    if (isExpected) this.#events.open(protocol);
    else this.fail();
  }

  #handleClose(reason: unknown): void {
    if (!isCloseReason(reason)) {
      throw new SyntaxError("Cannot read close event");
    }
    this.#closing = { ...reason, wasClean: true };
    this.#failures = 0;
    this.#connection.close();
    this.#pushClose(reason);
  }

  #pushClose(reason: CloseReason): void {
    if (!this.#hasClosed) this.#outbox.pushClose(reason);
    this.#hasClosed = true;
    this.#flush();
  }

  #shouldReconnect({ status }: Disconnection): boolean | undefined {
    if (this.#opening === undefined) return false;
    // A proxy that cannot reach the server may do so later.
    return status === undefined ? undefined : isPassing(status);
  }

  #startLossTimer(): void {
    this.#lossTimer ??= setTimeout(
      () => this.#end(this.#closing ?? LOST),
      this.#opening?.sessionTimeout,
    );
  }

  #stopLossTimer(): void {
    clearTimeout(this.#lossTimer);
    this.#lossTimer = undefined;
  }

  #hasWork(): boolean {
    if (this.#hasEnded || this.#isRefused) return false;
    return this.#outbox.hasWaiting || this.#mustAcknowledge();
  }

  #mustAcknowledge(): boolean {
    // The server forgets the session once it knows that its close event has come.
    if (this.#closing !== undefined) {
      return this.#connection.lastEventId !== this.#acknowledged;
    }
    const { acknowledgeAfter = Infinity } = this.#opening ?? {};
    return this.#unacknowledgedBytes >= acknowledgeAfter;
  }

  /** Posts what there is, one request after the other. */
  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // What is sent in this turn goes together.
    await undefined;
    while (this.#hasWork()) await this.#post();
    this.#isFlushing = false;
    if (this.#closing !== undefined) this.#end(this.#closing);
  }

  async #post(): Promise<void> {
    const { lastEventId } = this.#connection;
    // A server's IDs count its events. Another one, such as "é", is no header's value:
    // each POST would fail for want of a header, and be tried again for ever.
    if (!COUNT_REGEXP.test(lastEventId)) return this.fail();
    const unacknowledgedBytes = this.#unacknowledgedBytes;
    // Cannot fail: nothing is posted before the socket is open.
    const { maxBatchSize } = this.#opening!;
    const events = this.#outbox.take(Math.min(this.#batchSize, maxBatchSize));
    const status = await this.#request(encodeEvents(events), lastEventId);
    if (this.#hasEnded) return;
    if (status !== undefined && status < 300) {
      this.#failures = 0;
      this.#batchSize = Math.min(this.#batchSize * 2, maxBatchSize);
      this.#acknowledged = lastEventId;
      this.#unacknowledgedBytes -= unacknowledgedBytes;
      this.#outbox.acknowledge(Number(events.at(-1)?.id ?? 0));
    } else if (status === undefined || isPassing(status)) {
      this.#batchSize = Math.max(this.#batchSize / 2, MIN_BATCH_SIZE);
      this.#outbox.rewind();
      await this.#wait();
    } else {
      this.#isRefused = true;
      // The session is not there any more, or not in the process that was asked.
      // Otherwise the server says by the stream why it closes the socket.
      if (status === 404) this.#end(this.#closing ?? LOST);
      else this.#startLossTimer();
    }
  }

  /** Sends one POST. Returns the status, `undefined` if there is no answer. */
  async #request(
    body: Uint8Array<ArrayBuffer>,
    lastEventId: string,
  ): Promise<number | undefined> {
    const { fetch = globalThis.fetch, withCredentials, idleTimeout } =
      this.#options;
    const controller = new AbortController();
    this.#stopPost = () => controller.abort();
    const timer = idleTimeout === Infinity
      ? undefined
      : setTimeout(this.#stopPost, idleTimeout);
    try {
      const init: RequestInit = {
        method: "POST",
        headers: await this.#makePostHeaders(lastEventId),
        body,
        signal: controller.signal,
      };
      if (withCredentials) init.credentials = "include";
      const response = await fetch(this.#url, init);
      // The status is the answer, whatever becomes of the body.
      await response.body?.cancel().catch(() => {});
      return response.status;
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
      // Node 20 rejects a request whose response has six content codings, and ends
      // the process if its signal is aborted afterwards.
      this.#stopPost = () => {};
    }
  }

  async #wait(): Promise<void> {
    const { reconnectionTime = DEFAULT_RECONNECTION_TIME, backoff = {} } =
      this.#options;
    this.#failures++;
    if (this.#closing !== undefined && this.#failures >= MAX_LAST_ATTEMPTS) {
      return this.#end(this.#closing);
    }
    const delay = drawDelay(this.#failures, reconnectionTime, backoff);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#stopPost = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #makeHeaders(): Promise<Headers> {
    const { headers } = this.#options;
    return new Headers(
      typeof headers === "function" ? await headers() : headers,
    );
  }

  async #makeStreamHeaders(): Promise<Headers> {
    const headers = await this.#makeHeaders();
    headers.set(SESSION_HEADER, this.#opening?.session ?? NEW_SESSION);
    if (this.#opening === undefined && this.#protocols.length > 0) {
      headers.set(PROTOCOLS_HEADER, this.#protocols.join(", "));
    }
    return headers;
  }

  async #makePostHeaders(lastEventId: string): Promise<Headers> {
    const headers = await this.#makeHeaders();
    // Cannot fail: nothing is posted before the socket is open.
    headers.set(SESSION_HEADER, this.#opening!.session);
    headers.set("Content-Type", EVENT_STREAM_TYPE);
    if (lastEventId !== "") headers.set("Last-Event-ID", lastEventId);
    return headers;
  }

  #end(facts: CloseFacts): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stopLossTimer();
    this.#connection.close();
    this.#stopPost();
    this.#events.close(facts);
  }
}

/** Whether a status says that a later request may fare better. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}
