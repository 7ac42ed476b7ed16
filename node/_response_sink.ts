// Copyright 2026 the Tidings authors. MIT license.

/** The sink that is a response of `node:http` or `node:http2`. */

import type { Exchange } from "./_exchange.ts";
import type { Sink, SinkOwner } from "../_server/sink.ts";

/** Writes to the response, which tells of room by the answer of `write()` and `"drain"`. */
export class ResponseSink implements Sink {
  readonly #exchange: Exchange;
  readonly #owner: SinkOwner;
  readonly #onFail: (error: unknown) => void;
  #hasRoom = true;
  #hasWritten = false;
  #isOver = false;
  /** Whether `"drain"` is listened for: from the first write that leaves no room. */
  #isListening = false;

  /**
   * Connects an owner to a response whose head is written.
   *
   * @param onFail Called where the owner fails the response.
   */
  static connect(
    owner: SinkOwner,
    exchange: Exchange,
    onFail: (error: unknown) => void,
  ): void {
    const sink = new ResponseSink(owner, exchange, onFail);
    exchange.onDeparture(() => {
      sink.#finish();
      owner.handleDeparture();
    });
    owner.connect(sink);
    owner.handleRoom();
    // The client learns that the stream is open before there is an event.
    if (!sink.#hasWritten) exchange.outgoing.flushHeaders?.();
  }

  private constructor(
    owner: SinkOwner,
    exchange: Exchange,
    onFail: (error: unknown) => void,
  ) {
    this.#owner = owner;
    this.#exchange = exchange;
    this.#onFail = onFail;
  }

  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  write(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#isOver) return;
    this.#hasWritten = true;
    try {
      this.#hasRoom = this.#exchange.outgoing.write(chunk);
    } catch (error) {
      // `strictContentLength`, set by what comes before us, throws for more bytes. The
      // owner may be a channel, whose other clients have nothing to do with that.
      this.fail(error);
      this.#owner.handleDeparture();
      return;
    }
    if (this.#hasRoom || this.#isListening) return;
    this.#isListening = true;
    this.#exchange.outgoing.on("drain", () => this.#handleDrain());
  }

  end(): void {
    this.#finish();
    this.#exchange.end();
  }

  fail(error: unknown): void {
    this.#finish();
    this.#onFail(error);
  }

  #finish(): void {
    this.#hasRoom = false;
    this.#hasWritten = true;
    this.#isOver = true;
  }

  #handleDrain(): void {
    if (this.#hasRoom || this.#isOver) return;
    this.#hasRoom = true;
    this.#owner.handleRoom();
  }
}
