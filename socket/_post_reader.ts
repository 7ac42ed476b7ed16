// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the body of a POST as events, until it ends, takes too long or is stopped. A
 * server's session has one for each POST.
 *
 * @module
 */

import { startIdleTimer } from "../_idle_timer.ts";
import type { ServerSentEvent } from "../event.ts";
import { EventStreamError, EventStreamParser } from "../parser.ts";
import { EarlierReadError } from "../_server/earlier_read.ts";
import { INTERNAL_ERROR } from "./_close_reason.ts";
import type { PostBody } from "./_post_body.ts";
import { ProtocolViolation, tooLarge } from "./_protocol.ts";
import { HttpError } from "./_http_error.ts";

/** The limits of a POST. */
export interface PostLimits {
  /** Bytes of a message. */
  maxMessageSize: number;
  /** Bytes of the body. */
  maxBatchSize: number;
  /** Milliseconds for the body. */
  sessionTimeout: number;
}

/** Bytes that are parsed at once: an unfinished event is counted in steps of so many. */
const PIECE_SIZE = 16_384;
// JSON writes a control character, which has one byte, as six characters.
const MAX_ESCAPE = 6;
// Bytes for the fields around a message, and for a close event with the longest reason.
const MAX_OVERHEAD = 1024;

const READ_BEFORE =
  "Cannot receive messages: other code has read the POST's body; mount serveSocket() before body parsers";

/** One POST, from its head to the end of its body. */
export class PostReader {
  readonly #limits: PostLimits;
  readonly #parser: EventStreamParser;
  readonly #onPiece: () => void;
  #pendingBytes = 0;
  /** Why the body is not read on; set once. */
  #refusal: HttpError | undefined;
  /** Ends the read that is under way. */
  #endRead: () => void = () => {};

  /**
   * @param limits The limits.
   * @param onEvent Called with each event. If it throws, the POST ends.
   * @param onPiece Called after each piece of the body. If it throws, the POST ends.
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

  /** Bytes of the event that is not complete yet, counted by pieces. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * Reads the body.
   *
   * @throws {HttpError} If it was stopped, broke off, or took too long.
   * @throws {ProtocolViolation} If it or an event in it is too large, or other code has read
   * it.
   */
  async read(body: PostBody): Promise<void> {
    this.#endRead = () => body.cancel();
    // A body that comes a byte at a time would hold its memory as long as the session.
    const stopTimer = startIdleTimer(
      this.#limits.sessionTimeout,
      () =>
        this.stop(
          new HttpError(408, "Cannot receive messages: the body took too long"),
        ),
    );
    try {
      let size = 0;
      for (;;) {
        const chunk = await this.#readChunk(body);
        if (chunk === undefined) return;
        size += chunk.length;
        if (size > this.#limits.maxBatchSize) {
          throw tooLarge("messages", this.#limits.maxBatchSize);
        }
        this.#push(chunk);
      }
    } catch (error) {
      body.cancel();
      throw error;
    } finally {
      stopTimer();
      this.#pendingBytes = 0;
      this.#endRead = () => {};
    }
  }

  /** Ends the reading, if it has not ended. Nothing more is taken from the body. */
  stop(refusal: HttpError): void {
    this.#refusal ??= refusal;
    this.#endRead();
  }

  async #readChunk(body: PostBody): Promise<Uint8Array | undefined> {
    try {
      const chunk = await body.read();
      if (this.#refusal === undefined) return chunk;
    } catch (error) {
      // A violation of the server: the client must not repeat the POST, and both sides have
      // to learn why.
      if (error instanceof EarlierReadError) {
        throw new ProtocolViolation(READ_BEFORE, INTERNAL_ERROR);
      }
      // The client is gone: the response will not be read.
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
