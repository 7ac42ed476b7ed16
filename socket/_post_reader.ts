// Copyright 2026 the Tidings authors. MIT license.

/**
 * The POST that a session reads: its body to events, until it ends, takes too long or
 * is stopped.
 *
 * @module
 */

import type { ServerSentEvent } from "../event.ts";
import { EventStreamError, EventStreamParser } from "../parser.ts";
import { tooLarge } from "./_protocol.ts";
import { HttpError } from "./_http_error.ts";

/** What a POST is held to. */
export interface PostLimits {
  /** Bytes of a message. */
  maxMessageSize: number;
  /** Bytes of the body. */
  maxBatchSize: number;
  /** Milliseconds for the body. */
  sessionTimeout: number;
}

/** Bytes that are parsed at once, and by which the bytes of an unfinished event are counted. */
const PIECE_SIZE = 16_384;
// JSON writes a control character of one byte as six characters.
const MAX_ESCAPE = 6;
// The fields around a message, and a close event with the longest reason.
const MAX_OVERHEAD = 1024;

/** One POST, from its head to the end of its body. */
export class PostReader {
  readonly #limits: PostLimits;
  readonly #parser: EventStreamParser;
  readonly #onPiece: () => void;
  #pendingBytes = 0;
  // Why the body is not read on; set once.
  #refusal: HttpError | undefined;
  // Ends the read that is under way.
  #endRead: () => void = () => {};

  /**
   * @param limits What it is held to.
   * @param onEvent Called with each event. What it throws ends the POST.
   * @param onPiece Called after each piece of the body that is not a whole event. What it
   * throws ends the POST.
   */
  constructor(
    limits: PostLimits,
    onEvent: (event: ServerSentEvent) => void,
    onPiece: () => void,
  ) {
    const { maxBatchSize, maxMessageSize } = limits;
    this.#limits = limits;
    this.#onPiece = onPiece;
    this.#parser = new EventStreamParser((event) => {
      this.#pendingBytes = 0;
      onEvent(event);
    }, {
      maxEventSize: Math.min(
        maxBatchSize,
        maxMessageSize * MAX_ESCAPE + MAX_OVERHEAD,
      ),
    });
  }

  /** Bytes of the event that is not complete yet, to within a piece. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Reads the body.
   *
   * @throws {HttpError} If it was stopped, broke off, or took too long.
   * @throws {ProtocolViolation} If it or an event in it is too large.
   */
  async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const reader = body.getReader();
    const drop = () => void reader.cancel().catch(() => {});
    this.#endRead = drop;
    // A body that trickles would be held as long as its session.
    const timer = setTimeout(
      () => this.stop(new HttpError(408, "Cannot receive messages: too slow")),
      this.#limits.sessionTimeout,
    );
    try {
      let size = 0;
      for (;;) {
        const chunk = await this.#readChunk(reader);
        if (chunk === undefined) return;
        size += chunk.length;
        if (size > this.#limits.maxBatchSize) {
          throw tooLarge("messages", this.#limits.maxBatchSize);
        }
        this.#push(chunk);
      }
    } catch (error) {
      drop();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#pendingBytes = 0;
      this.#endRead = () => {};
    }
  }

  /** Ends the reading, if it has not ended. Nothing more is taken from the body. */
  stop(refusal: HttpError): void {
    this.#refusal ??= refusal;
    this.#endRead();
  }

  async #readChunk(
    reader: ReadableStreamDefaultReader<Uint8Array>,
  ): Promise<Uint8Array | undefined> {
    try {
      const { value } = await reader.read();
      if (this.#refusal === undefined) return value;
    } catch {
      // The client has left. Nobody reads the answer.
      throw this.#refusal ??
        new HttpError(400, "Cannot receive messages: the body broke off");
    }
    throw this.#refusal;
  }

  #push(chunk: Uint8Array): void {
    for (let start = 0; start < chunk.length; start += PIECE_SIZE) {
      const piece = chunk.subarray(start, start + PIECE_SIZE);
      this.#pendingBytes += piece.length;
      try {
        this.#parser.push(piece);
      } catch (error) {
        if (!(error instanceof EventStreamError)) throw error;
        throw tooLarge("message", this.#limits.maxMessageSize);
      }
      this.#onPiece();
    }
  }
}
