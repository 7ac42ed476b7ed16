// Copyright 2026 the Tidings authors. MIT license.

/**
 * The sink that writes to a response of `node:http` or `node:http2`, without a stream in
 * between. The listener of `toNodeHandler()` connects the owners of bodies to it.
 *
 * @module
 */

import { DirectSocket, type SocketUser } from "./_direct_socket.ts";
import type { Exchange } from "./_exchange.ts";
import type { DepartureListener } from "../_server/request_hooks.ts";
import type { Sink, SinkOwner } from "../_server/sink.ts";

/**
 * Writes to the response, or past it to its socket if that sends the same bytes. It has no
 * room from a `write()` that returns `false` until `"drain"`.
 */
export class ResponseSink implements Sink, SocketUser, DepartureListener {
  readonly #exchange: Exchange;
  readonly #owner: SinkOwner;
  readonly #socket: DirectSocket | undefined;
  #hasRoom = true;
  #hasWritten = false;
  #isOver = false;
  /** Whether there is a listener for `"drain"`: from the first write that leaves no room. */
  #isListening = false;

  /**
   * Connects an owner to a response after its head was written.
   *
   * @param owner The owner.
   * @param exchange The exchange of the response.
   */
  static connect(owner: SinkOwner, exchange: Exchange): void {
    const sink = new ResponseSink(owner, exchange);
    exchange.onDeparture(sink);
    owner.connect(sink);
    owner.handleRoom();
    if (!sink.#hasWritten) sink.#flushHead();
  }

  private constructor(owner: SinkOwner, exchange: Exchange) {
    this.#owner = owner;
    this.#exchange = exchange;
    this.#socket = DirectSocket.find(exchange, this);
  }

  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  write(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#isOver) return;
    this.#hasWritten = true;
    try {
      this.#hasRoom = this.#socket?.write(chunk) ?? this.#writeResponse(chunk);
    } catch (error) {
      this.#handleThrown(error);
    }
  }

  end(): void {
    this.#finish();
    this.#exchange.end();
  }

  /** Called by the exchange when the client has left. */
  handleDeparture(): void {
    this.#finish();
    this.#owner.handleDeparture();
  }

  /** Called when there is room after a write that left none. */
  handleDrain(): void {
    if (this.#hasRoom || this.#isOver) return;
    this.#hasRoom = true;
    this.#owner.handleRoom();
  }

  fail(error: unknown): void {
    this.#finish();
    this.#exchange.fail(error);
  }

  #writeResponse(chunk: Uint8Array<ArrayBuffer>): boolean {
    this.#socket?.noteHead("write");
    const hasRoom = this.#exchange.write(chunk);
    if (!hasRoom && !this.#isListening) {
      this.#isListening = true;
      this.#exchange.outgoing.on("drain", () => this.handleDrain());
    }
    return hasRoom;
  }

  #flushHead(): void {
    this.#socket?.noteHead("flushHeaders");
    try {
      this.#exchange.flushHead();
    } catch (error) {
      this.#handleThrown(error);
    }
  }

  /**
   * Ends the response when one of its methods has thrown: one that a middleware has replaced,
   * or Node's own, which throw with `strictContentLength` for more bytes than announced. The
   * owner may be a subscriber of a channel. The error must not reach it, since it would end
   * the broadcast for all other clients.
   */
  #handleThrown(error: unknown): void {
    this.fail(error);
    this.#owner.handleDeparture();
  }

  #finish(): void {
    this.#hasRoom = false;
    this.#hasWritten = true;
    this.#isOver = true;
    this.#socket?.release();
  }
}
