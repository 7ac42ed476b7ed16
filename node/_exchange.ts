// Copyright 2026 the Tidings authors. MIT license.

/**
 * One request of `node:http` or `node:http2` with its response, from the request's head to
 * the end of the response. All other files of the bridge work on it.
 *
 * @module
 */

import http from "node:http";
import { IS_NODE } from "./_is_node.ts";
import type { NodeRequest, NodeResponse } from "./_node_types.ts";
import { LazyResponse } from "./_lazy_response.ts";
import type {
  DepartureListener,
  RequestHooks,
} from "../_server/request_hooks.ts";

// Read once: to look it up on the module takes as long as all of a check.
const { ServerResponse } = http;

/** Told of an error of a request's handler or response. */
export type ErrorHandler = (error: unknown, request: Request) => void;

/**
 * A request and its response, and whether the client has left. The signal is made when it
 * is first read: in Node 20 it costs as much as all the rest.
 */
export class Exchange implements RequestHooks {
  readonly incoming: NodeRequest;
  readonly outgoing: NodeResponse;
  /** Drops what was not read of the request; set if its body was opened. */
  dropBody: (() => void) | undefined;
  /** The request that the handler gets; set when it is made. */
  request: Request | undefined;
  /** The response if it is Node's own, of HTTP/1, and not one that only looks like it. */
  readonly nodeResponse: http.ServerResponse | undefined;
  /** Called when nothing more of the response is sent, whatever the reason. */
  onClose: ((exchange: Exchange) => void) | undefined;
  #hasLeft = false;
  #hasEnded = false;
  /** The error that was reported last. */
  #reported: unknown;
  #controller: AbortController | undefined;
  /** What is told of the departure. Each array is made with its final length: it is small. */
  #listeners: readonly DepartureListener[] = NONE;
  /** What `whenAnswered()` was called with; `undefined` once that is called. */
  #answerListeners: readonly (() => void)[] | undefined = NONE;
  readonly #onError: ErrorHandler;

  /**
   * @param incoming The request.
   * @param outgoing The response.
   * @param onError Told of errors by `report()`.
   */
  constructor(
    incoming: NodeRequest,
    outgoing: NodeResponse,
    onError: ErrorHandler,
  ) {
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.nodeResponse = IS_NODE && outgoing instanceof ServerResponse
      ? outgoing
      : undefined;
    this.#onError = onError;
    // After a middleware that waits, "close" may have passed, and does not come again.
    this.#hasLeft = incoming.aborted || outgoing.destroyed === true ||
      outgoing.writableFinished === true;
    this.#listen();
    // "close" follows, but an error without a listener would end the process.
    outgoing.on("error", ignore);
  }

  /** Whether the client left before the response ended. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Aborted when the client leaves. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#hasLeft) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  /** As `Headers.get()`, but for names in lower case only. */
  getHeader(name: string): string | null {
    const value = this.incoming.headers[name];
    return value === undefined ? null : String(value);
  }

  /** Tells a listener when the client leaves, and at once if it has left already. */
  onDeparture(listener: DepartureListener): void {
    if (this.#hasLeft) listener.handleDeparture();
    else this.#listeners = append(this.#listeners, listener);
  }

  /** Calls a listener once the handler has answered, and at once if it has. */
  whenAnswered(listener: () => void): void {
    if (this.#answerListeners === undefined) listener();
    else this.#answerListeners = append(this.#answerListeners, listener);
  }

  /** Makes the response, whose stream is made only if somebody reads it. */
  respond(...args: Parameters<RequestHooks["respond"]>): Response {
    return LazyResponse.make(...args);
  }

  /** Notes that the handler has answered, or that it takes its time. */
  noteAnswer(): void {
    const listeners = this.#answerListeners ?? NONE;
    this.#answerListeners = undefined;
    for (const listener of listeners) listener();
  }

  /**
   * Writes a chunk so that it leaves at once: a middleware that compresses, such as
   * `compression` of Express, gathers chunks until its `flush()` is called.
   *
   * @returns Whether more should be written before `"drain"`.
   */
  write(chunk: Uint8Array): boolean {
    // A `write()` that a middleware has replaced may return nothing.
    const hasRoom = this.outgoing.write(chunk) !== false;
    this.outgoing.flush?.();
    return hasRoom;
  }

  /**
   * Sends the head before there is a chunk. Otherwise the client would not see that the
   * stream is open before its first event.
   */
  flushHead(): void {
    this.outgoing.flushHeaders?.();
    this.outgoing.flush?.();
  }

  /**
   * Ends the response, and drops the rest of the request's body: otherwise the connection
   * could not carry the next request.
   */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    try {
      this.outgoing.end();
    } catch (error) {
      // With `strictContentLength`, which a middleware may have set, it throws for fewer
      // bytes than announced.
      this.outgoing.destroy(error as Error);
    }
    if (this.dropBody === undefined) this.incoming.resume();
    else this.dropBody();
  }

  /**
   * Ends the response after an error: with status 500 if nothing is sent yet, by cutting
   * it off otherwise.
   */
  breakOff(): void {
    if (!this.outgoing.headersSent) return this.refuse(500);
    this.outgoing.destroy(
      new Error("Cannot send response: its body failed"),
    );
    this.end();
  }

  /** Answers with a status alone, or cuts the response off if that is refused too. */
  refuse(status: number): void {
    const { incoming, outgoing } = this;
    try {
      // A text that `writeHead()` has refused is still set, and it would throw again.
      if (incoming.httpVersionMajor < 2) outgoing.statusMessage = "";
      outgoing.writeHead(status, {});
    } catch (error) {
      // A middleware may have set a header that is refused, or have answered itself.
      outgoing.destroy(error as Error);
    }
    this.end();
  }

  /**
   * Reports an error. The error of a body that cannot be read comes twice if the handler
   * throws it on, and is reported once.
   */
  report(error: unknown): void {
    if (error !== undefined && error === this.#reported) return;
    this.#reported = error;
    // There is none if no `Request` could be made: then there is nothing to report.
    if (this.request !== undefined) this.#onError(error, this.request);
  }

  /** Ends the response because of an error, and reports it if the client has not left. */
  fail(error: unknown): void {
    this.breakOff();
    if (!this.isDeparture(error)) this.report(error);
  }

  /** Tells whether an error was thrown only because the client has left. */
  isDeparture(error: unknown): boolean {
    return this.#hasLeft && error === this.#controller?.signal.reason;
  }

  /** A method of its own: the listener keeps its whole scope in memory. */
  #listen(): void {
    const { incoming, outgoing, nodeResponse } = this;
    const onClose = (): void => this.#handleClose();
    outgoing.on("close", onClose);
    // A response that waits behind another one of its connection gets no "close".
    if (!nodeResponse?.socket) incoming.on("error", onClose);
  }

  #handleClose(): void {
    if (!this.#hasEnded && !this.#hasLeft) {
      this.#hasLeft = true;
      this.#controller?.abort();
      const listeners = this.#listeners;
      this.#listeners = NONE;
      for (const listener of listeners) listener.handleDeparture();
    }
    this.onClose?.(this);
  }
}

/** For all exchanges that have no listener yet. */
const NONE: readonly never[] = [];

function append<T>(list: readonly T[], item: T): readonly T[] {
  return list === NONE ? [item] : [...list, item];
}

function ignore(): void {}
