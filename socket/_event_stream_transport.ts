// Copyright 2026 the Tidings authors. MIT license.

/**
 * The client's transport over an event stream and POSTs: the stream resumes, POSTs are
 * repeated, and `EventStreamSocket` uses it.
 *
 * @module
 */

import { drawDelay } from "../_client/backoff.ts";
import { startIdleTimer } from "../_idle_timer.ts";
import { isTransientStatus } from "../_client/transient_status.ts";
import {
  connect,
  type Disconnection,
  EventSourceError,
  type EventStreamConnection,
} from "../client.ts";
import { encodeEvents } from "../encoder.ts";
import type { ServerSentEvent } from "../event.ts";
import type { EventStreamSocketOptions } from "./_client_options.ts";
import { ClientRequests } from "./_client_requests.ts";
import {
  ABNORMAL_CLOSURE,
  type CloseFacts,
  type CloseReason,
  cutReason,
} from "./_close_reason.ts";
import { ProtocolReader, ProtocolViolation } from "./_protocol.ts";
import {
  describeRefusal,
  hasSentence,
  type Refusal,
} from "./_refusal_reason.ts";
import { EVENT_OVERHEAD, SendBuffer } from "./_send_buffer.ts";
import type { SocketEvents, Transport } from "./_transport.ts";
import type { Opening, SocketData } from "./_wire_format.ts";

const DEFAULT_IDLE_TIMEOUT = 45_000;
const DEFAULT_RECONNECTION_TIME = 500;
// Attempts to confirm a close of the server: only the server still needs the confirmation.
const MAX_CLOSE_ATTEMPTS = 3;
// Milliseconds to tell the server that its violation has closed the socket.
const VIOLATION_TIMEOUT = 2000;
// Bytes of the first POST, and of the smallest.
const FIRST_BATCH_SIZE = 65_536;
const MIN_BATCH_SIZE = 1024;

/**
 * Carries a client's messages over an event stream and POSTs. The stream resumes by its
 * last event ID. A POST is repeated until the server has answered it: by the IDs of its
 * events the server knows which events it has already.
 */
export class EventStreamTransport implements Transport {
  readonly #protocols: readonly string[];
  readonly #options: EventStreamSocketOptions;
  readonly #events: SocketEvents;
  readonly #requests: ClientRequests;
  readonly #connection: EventStreamConnection;
  readonly #sendBuffer = new SendBuffer();
  readonly #reader = new ProtocolReader("server");
  /** The first event of the server; undefined until the socket is open. */
  #opening: Opening | undefined;
  /** How the server, or its violation, closed the socket; the socket is told at the end. */
  #closing: CloseFacts | undefined;
  /** Whether this side has closed the socket. */
  #hasClosed = false;
  /** What the socket is told if it ends without a close: why, once a request was refused. */
  #failure: CloseFacts = ABNORMAL_CLOSURE;
  #hasEnded = false;
  #isFlushing = false;
  /** Whether the server has refused a POST for good. */
  #isRefused = false;
  /** The last event ID that the server has confirmed. */
  #acknowledged = 0;
  /** Bytes of the events after that ID. */
  #unacknowledgedBytes = 0;
  /**
   * Bytes of the next POST. They double after each POST that arrives, and halve after each
   * that does not: a network that breaks long POSTs may let shorter ones pass.
   */
  #batchSize = FIRST_BATCH_SIZE;
  /** POSTs that failed since the last one that did not. */
  #failures = 0;
  /** Ends the wait before the next POST. */
  #endWait: () => void = () => {};
  /** Runs while the server cannot be reached, for as long as it keeps the session. */
  #stopLossTimer: (() => void) | undefined;
  /** Runs from this side's close on: a server that does not answer must not delay the end. */
  #stopCloseTimer: (() => void) | undefined;

  /**
   * @param url The URL that the requests go to.
   * @param protocols The subprotocols that the server may choose from.
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
        else this.#handleReturn();
      },
    });
    this.#read();
  }

  get bufferedAmount(): number {
    return this.#sendBuffer.bytes;
  }

  send(data: SocketData): void {
    // A blob may be read only now, after close(). Nothing may follow the close event.
    if (this.#hasClosed) return;
    this.#sendBuffer.push(data);
    this.#flush();
  }

  close(reason: CloseReason): void {
    if (this.#opening === undefined) {
      // Not at once: the caller must be able to see the state CLOSING first.
      queueMicrotask(() => this.fail());
    } else {
      this.#pushClose(reason);
    }
  }

  fail(): void {
    this.#end(this.#failure);
  }

  async #read(): Promise<void> {
    try {
      for await (const event of this.#connection) this.#take(event);
    } catch (error) {
      const violation = toViolation(error);
      if (violation !== undefined) return this.#violate(violation);
      // As with a WebSocket, scripts do not learn why the network failed. Why a server
      // refused, they could ask it by a request of their own.
      if (error instanceof EventSourceError) {
        if (error.body !== "") {
          this.#failure = describeFailure("open socket", error);
        }
        if (error.reason === "local-error") {
          this.#failure = describeMistake("open socket", error.cause);
        }
      }
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
    // Spec: a server that chooses none of the subprotocols, or another one, has the client
    // "fail the WebSocket connection".
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

  /** Gives the server the idle timeout to confirm an event, from now on. */
  #startCloseTimer(): void {
    const { idleTimeout = DEFAULT_IDLE_TIMEOUT } = this.#options;
    const patience = idleTimeout < Infinity
      ? idleTimeout
      // Cannot fail: there is no closing handshake before the socket is open.
      : this.#opening!.sessionTimeout;
    const isViolated = this.#closing?.wasClean === false;
    this.#stopCloseTimer?.();
    this.#stopCloseTimer = startIdleTimer(
      isViolated ? Math.min(patience, VIOLATION_TIMEOUT) : patience,
      () => this.#end(this.#closing ?? this.#failure),
    );
  }

  #shouldReconnect({ status, delay }: Disconnection): boolean | undefined {
    if (this.#opening === undefined) return false;
    const { reconnectionTime = DEFAULT_RECONNECTION_TIME } = this.#options;
    if (delay < reconnectionTime) {
      // A `retry` of 0 would let a stream that ends at once be requested in a loop.
      this.#violate(
        new ProtocolViolation(
          `Cannot resume socket: expected no "retry" below ${reconnectionTime}`,
        ),
      );
      return false;
    }
    // Such as the 502 of a load balancer that cannot reach the server now.
    return status === undefined ? undefined : isTransientStatus(status);
  }

  #startLossTimer(): void {
    // Cannot fail: before the socket is open, nothing is reestablished and nothing posted.
    const { sessionTimeout } = this.#opening!;
    this.#stopLossTimer ??= startIdleTimer(
      sessionTimeout,
      () => this.#end(this.#closing ?? this.#failure),
    );
  }

  #handleReturn(): void {
    this.#stopLossTimer?.();
    this.#stopLossTimer = undefined;
  }

  #hasWork(): boolean {
    if (this.#hasEnded || this.#isRefused) return false;
    return this.#sendBuffer.hasWaiting || this.#mustAcknowledge();
  }

  #mustAcknowledge(): boolean {
    // The server keeps the session until its close event is confirmed.
    if (this.#closing !== undefined) {
      return this.#reader.lastId !== this.#acknowledged;
    }
    const { acknowledgeAfter = Infinity } = this.#opening ?? {};
    return this.#unacknowledgedBytes >= acknowledgeAfter;
  }

  /** Posts the events that wait, one request after the other. */
  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    // Messages that are sent within one microtask go into one POST.
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
    const { status, refusal, mistake } = await this.#requests.post(
      encodeEvents(events),
      lastId,
    );
    if (this.#hasEnded) return;
    if (refusal !== undefined) this.#handleRefusal(refusal);
    else if (mistake !== undefined) {
      this.#failure = describeMistake("send messages", mistake.error);
      this.#end(this.#closing ?? this.#failure);
    } else if (status !== undefined && status < 300) {
      this.#failures = 0;
      this.#batchSize = Math.min(this.#batchSize * 2, maxBatchSize);
      this.#acknowledged = lastId;
      this.#unacknowledgedBytes -= unacknowledgedBytes;
      this.#sendBuffer.acknowledge(Number(events.at(-1)?.id ?? 0));
      if (this.#hasClosed && this.#closing?.wasClean !== false) {
        this.#startCloseTimer();
      }
    } else {
      this.#batchSize = Math.max(this.#batchSize / 2, MIN_BATCH_SIZE);
      this.#sendBuffer.rewind();
      await this.#wait();
    }
  }

  /** Ends the socket after a POST that was refused for good. */
  #handleRefusal(refusal: Refusal): void {
    this.#isRefused = true;
    this.#failure = describeFailure("send messages", refusal);
    const { status } = refusal;
    // `serveSocket()` closes the socket with these, and tells the code by the stream.
    // Another status, or a page instead of a sentence, comes from elsewhere, such as 413
    // from a proxy: no stream will tell it.
    const isClosing = (status === 400 || status === 413) &&
      hasSentence(refusal);
    if (isClosing) this.#startLossTimer();
    else this.#end(this.#closing ?? this.#failure);
  }

  async #wait(): Promise<void> {
    const { reconnectionTime = DEFAULT_RECONNECTION_TIME, backoff = {} } =
      this.#options;
    this.#failures++;
    if (this.#closing !== undefined) {
      const most = this.#closing.wasClean ? MAX_CLOSE_ATTEMPTS : 1;
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
    this.#handleReturn();
    this.#stopCloseTimer?.();
    this.#connection.close();
    this.#requests.abort();
    this.#endWait();
    this.#events.close(facts);
  }
}

function describeFailure(verb: string, refusal: Refusal): CloseFacts {
  return { ...ABNORMAL_CLOSURE, reason: describeRefusal(verb, refusal) };
}

/** For the program itself: the other side does not see the reason. */
function describeMistake(verb: string, error: unknown): CloseFacts {
  const reason = cutReason(
    `Cannot ${verb}: a function of the options threw: ${error}`,
  );
  return { ...ABNORMAL_CLOSURE, reason };
}

/** Finds the violation of the server that an error of the stream stands for. */
function toViolation(error: unknown): ProtocolViolation | undefined {
  if (error instanceof ProtocolViolation) return error;
  return error instanceof EventSourceError && error.reason === "event-too-large"
    ? new ProtocolViolation(error.message, 1009)
    : undefined;
}
