// Copyright 2026 the Tidings authors. MIT license.

import { drawDelay } from "../_client/backoff.ts";
import {
  connect,
  type Disconnection,
  EventSourceError,
  type EventStreamConnection,
} from "../client.ts";
import { encodeEvents } from "../encoder.ts";
import type { ServerSentEvent } from "../event.ts";
import type { EventStreamSocketOptions } from "./_client_options.ts";
import {
  ABNORMAL_CLOSURE,
  type CloseFacts,
  type CloseReason,
} from "./_close_reason.ts";
import { EVENT_OVERHEAD, SendBuffer } from "./_send_buffer.ts";
import { ProtocolReader, ProtocolViolation } from "./_protocol.ts";
import { ClientRequests } from "./_client_requests.ts";
import type { SocketEvents, Transport } from "./_transport.ts";
import type { Opening, SocketData } from "./_wire_format.ts";

const DEFAULT_IDLE_TIMEOUT = 45_000;
const DEFAULT_RECONNECTION_TIME = 500;
// Once the server has closed the socket, only it still needs the answer.
const MAX_LAST_ATTEMPTS = 3;
// Milliseconds to tell a server that its violation has closed the socket.
const LAST_WORD_TIMEOUT = 2000;
// Bytes of a POST at first, and at least.
const FIRST_BATCH_SIZE = 65_536;
const MIN_BATCH_SIZE = 1024;

/**
 * A client's messages over an event stream and POSTs. The stream resumes by its
 * last event ID; what is posted is repeated until the server has answered, and its
 * ids tell the server what it has seen.
 */
export class EventStreamTransport implements Transport {
  readonly #protocols: readonly string[];
  readonly #options: EventStreamSocketOptions;
  readonly #events: SocketEvents;
  readonly #requests: ClientRequests;
  readonly #connection: EventStreamConnection;
  readonly #sendBuffer = new SendBuffer();
  readonly #reader = new ProtocolReader("server");
  // What the server said first; undefined until the socket is open.
  #opening: Opening | undefined;
  // How the server, or a violation of its, closed the socket, until the socket is told.
  #closing: CloseFacts | undefined;
  // Whether our side has closed it.
  #hasClosed = false;
  #hasEnded = false;
  #isFlushing = false;
  // Whether the server has refused a POST for good.
  #isRefused = false;
  // The last event ID that the server is known to have got.
  #acknowledged = 0;
  // Bytes of the events since then.
  #unacknowledgedBytes = 0;
  // Bytes of the next POST. It doubles with each that arrives, and is halved by each
  // that does not: a network that breaks a long one may let shorter ones pass.
  #batchSize = FIRST_BATCH_SIZE;
  // POSTs that failed since the last that did not.
  #failures = 0;
  // Ends the wait before the next POST.
  #endWait: () => void = () => {};
  // Runs while the server cannot be reached, and its patience with it.
  #lossTimer: ReturnType<typeof setTimeout> | undefined;
  // Runs from our side's close on, so that a server that does not answer ends nothing later.
  #closeTimer: ReturnType<typeof setTimeout> | undefined;

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
    this.#requests = new ClientRequests(url, protocols, this.#options);
    this.#connection = connect(url, {
      ...this.#options,
      headers: () => this.#requests.makeStreamHeaders(),
      shouldReconnect: (disconnection) => this.#shouldReconnect(disconnection),
      onStateChange: ({ state }) => {
        if (state === "reconnecting") this.#startLossTimer();
        else this.#stopLossTimer();
      },
    });
    this.#read();
  }

  get bufferedAmount(): number {
    return this.#sendBuffer.bytes;
  }

  send(data: SocketData): void {
    // Nothing may follow the close event. A blob may be read only now.
    if (this.#hasClosed) return;
    this.#sendBuffer.push(data);
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
    this.#end(ABNORMAL_CLOSURE);
  }

  async #read(): Promise<void> {
    try {
      for await (const event of this.#connection) this.#take(event);
    } catch (error) {
      const violation = toViolation(error);
      if (violation !== undefined) return this.#violate(violation);
      // As with a WebSocket, scripts do not learn why a connection failed.
    }
    if (this.#closing === undefined) this.fail();
  }

  #take(event: ServerSentEvent): void {
    const read = this.#reader.read(event);
    if (read?.type === "open") this.#open(read.opening);
    if (read?.type === "close") this.#handleClose(read.reason);
    if (read?.type !== "message") return;
    this.#unacknowledgedBytes += event.data.length + EVENT_OVERHEAD;
    this.#events.message(read.data);
    if (this.#mustAcknowledge()) this.#flush();
  }

  #open(opening: Opening): void {
    this.#opening = opening;
    this.#requests.join(opening.session);
    const { protocol } = opening;
    // Fetch: a server that chooses none of the protocols, or another, fails the
    // connection.
    const isExpected = this.#protocols.length === 0
      ? protocol === ""
      : this.#protocols.includes(protocol);
    if (isExpected) this.#events.open(protocol);
    else this.fail();
  }

  #handleClose(reason: CloseReason): void {
    this.#closing = { ...reason, wasClean: true };
    this.#failures = 0;
    this.#connection.close();
    this.#pushClose(reason);
  }

  /** Closes the socket for what the server did. */
  #violate(violation: ProtocolViolation): void {
    if (this.#hasEnded || this.#closing !== undefined) return;
    const reason = violation.closeReason;
    this.#closing = { ...reason, wasClean: false };
    this.#connection.close();
    // There is no session to close.
    if (this.#opening === undefined) return this.#end(this.#closing);
    if (!this.#hasClosed) this.#sendBuffer.dropUnsent();
    this.#pushClose(reason);
  }

  #pushClose(reason: CloseReason): void {
    if (!this.#hasClosed) this.#sendBuffer.pushClose(reason);
    this.#hasClosed = true;
    if (this.#closing !== undefined) this.#events.closing();
    this.#startCloseTimer();
    this.#flush();
  }

  /** Gives the server so long to confirm something, from now on. */
  #startCloseTimer(): void {
    const { idleTimeout = DEFAULT_IDLE_TIMEOUT } = this.#options;
    const patience = idleTimeout < Infinity
      ? idleTimeout
      // Cannot fail: nothing is closed by a handshake before the socket is open.
      : this.#opening!.sessionTimeout;
    const isViolated = this.#closing?.wasClean === false;
    clearTimeout(this.#closeTimer);
    this.#closeTimer = setTimeout(
      () => this.#end(this.#closing ?? ABNORMAL_CLOSURE),
      isViolated ? Math.min(patience, LAST_WORD_TIMEOUT) : patience,
    );
  }

  #shouldReconnect({ status, delay }: Disconnection): boolean | undefined {
    if (this.#opening === undefined) return false;
    const { reconnectionTime = DEFAULT_RECONNECTION_TIME } = this.#options;
    if (delay < reconnectionTime) {
      // A `retry` of 0 would let a stream that ends at once be requested in a loop.
      this.#violate(
        new ProtocolViolation(
          `Cannot resume socket: "retry" is below ${reconnectionTime}, expected none`,
        ),
      );
      return false;
    }
    // A proxy that cannot reach the server may do so later.
    return status === undefined ? undefined : isPassing(status);
  }

  #startLossTimer(): void {
    this.#lossTimer ??= setTimeout(
      () => this.#end(this.#closing ?? ABNORMAL_CLOSURE),
      this.#opening?.sessionTimeout,
    );
  }

  #stopLossTimer(): void {
    clearTimeout(this.#lossTimer);
    this.#lossTimer = undefined;
  }

  #hasWork(): boolean {
    if (this.#hasEnded || this.#isRefused) return false;
    return this.#sendBuffer.hasWaiting || this.#mustAcknowledge();
  }

  #mustAcknowledge(): boolean {
    // The server forgets the session once it knows that its close event has come.
    if (this.#closing !== undefined) {
      return this.#reader.lastId !== this.#acknowledged;
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
    const { lastId } = this.#reader;
    const unacknowledgedBytes = this.#unacknowledgedBytes;
    // Cannot fail: nothing is posted before the socket is open.
    const { maxBatchSize } = this.#opening!;
    const events = this.#sendBuffer.take(
      Math.min(this.#batchSize, maxBatchSize),
    );
    const status = await this.#requests.post(encodeEvents(events), lastId);
    if (this.#hasEnded) return;
    if (status !== undefined && status < 300) {
      this.#failures = 0;
      this.#batchSize = Math.min(this.#batchSize * 2, maxBatchSize);
      this.#acknowledged = lastId;
      this.#unacknowledgedBytes -= unacknowledgedBytes;
      this.#sendBuffer.acknowledge(Number(events.at(-1)?.id ?? 0));
      if (this.#hasClosed && this.#closing?.wasClean !== false) {
        this.#startCloseTimer();
      }
    } else if (status === undefined || isPassing(status)) {
      this.#batchSize = Math.max(this.#batchSize / 2, MIN_BATCH_SIZE);
      this.#sendBuffer.rewind();
      await this.#wait();
    } else {
      this.#isRefused = true;
      // The session is not there any more, or not in the process that was asked.
      // Otherwise the server says by the stream why it closes the socket.
      if (status === 404) this.#end(this.#closing ?? ABNORMAL_CLOSURE);
      else this.#startLossTimer();
    }
  }

  async #wait(): Promise<void> {
    const { reconnectionTime = DEFAULT_RECONNECTION_TIME, backoff = {} } =
      this.#options;
    this.#failures++;
    if (this.#closing !== undefined) {
      const most = this.#closing.wasClean ? MAX_LAST_ATTEMPTS : 1;
      if (this.#failures >= most) return this.#end(this.#closing);
    }
    const delay = drawDelay(this.#failures, reconnectionTime, backoff);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#endWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #end(facts: CloseFacts): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#stopLossTimer();
    clearTimeout(this.#closeTimer);
    this.#connection.close();
    this.#requests.abort();
    this.#endWait();
    this.#events.close(facts);
  }
}

/** Tells whether an error of the stream is the server's fault, and which. */
function toViolation(error: unknown): ProtocolViolation | undefined {
  if (error instanceof ProtocolViolation) return error;
  return error instanceof EventSourceError && error.reason === "event-too-large"
    ? new ProtocolViolation(error.message, 1009)
    : undefined;
}

/** Whether a status says that a later request may fare better. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}
