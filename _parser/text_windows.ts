// Copyright 2026 the Tidings authors. MIT license.

/**
 * Decodes chunks of bytes as windows of text, by the rules of UTF-8 only, for the
 * interpreter to read. The parser, `readEvents()` and the client's connections push chunks.
 *
 * @module
 */

import { CR, LF } from "./fields.ts";
import { ownText } from "../_own_text.ts";
import {
  COMPACT_AFTER,
  GATHERED_LENGTH,
  HEAD_LENGTH,
  LARGE_WINDOW_LENGTH,
  SMALL_LENGTH,
  WIDE_WINDOW_LENGTH,
  WINDOW_LENGTH,
} from "./sizes.ts";

/** Reads the windows. The interpreter implements it. */
export interface WindowConsumer {
  /**
   * Reads a window. `bytes` is there if each byte is one code unit of the text, so that
   * an index into one is an index into the other.
   *
   * @returns Whether to go on. If not, the rest of the chunk is dropped.
   */
  interpret(text: string, bytes?: Uint8Array): boolean;
  /** Copies what it keeps of the windows, so that they can be freed. */
  compact(): void;
  /** UTF-16 code units of the line whose end has not arrived. */
  readonly lineLength: number;
  /** UTF-16 code units that this line may still grow by. */
  readonly room: number;
}

/** Decodes chunks of UTF-8, cut anywhere, in windows that end with a line. */
export class TextWindows<Consumer extends WindowConsumer = WindowConsumer> {
  /** Reads the windows of this stream. */
  readonly consumer: Consumer;
  /** The beginning of the stream: at least `HEAD_LENGTH` code units, or all that has come. */
  head = "";
  // The byte order mark is part of the stream's grammar, which the consumer knows.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  // Whether the decoder keeps the first bytes of an unfinished character.
  #partial = false;
  // Chosen by what the last window held.
  #windowLength = WINDOW_LENGTH;
  // Small chunks without a line end that are not decoded yet.
  #gathered: Uint8Array | undefined;
  #gatheredLength = 0;
  // UTF-16 code units since the interpreter copied what it keeps.
  #received = 0;

  constructor(consumer: Consumer) {
    this.consumer = consumer;
  }

  /** Decodes a chunk, or keeps a copy until its line ends or leaves no room. */
  push(chunk: Uint8Array): void {
    const isLarge = chunk.length > SMALL_LENGTH;
    if (isLarge) this.flush();
    const isEnded = isLarge || indexOfLineEnd(chunk, 0) !== -1;
    if (isEnded && this.#gatheredLength === 0) return this.#decode(chunk);
    this.#gathered ??= new Uint8Array(GATHERED_LENGTH);
    // No callback runs in between: what was gathered ends no line.
    if (this.#gatheredLength + chunk.length > GATHERED_LENGTH) this.flush();
    this.#gathered.set(chunk, this.#gatheredLength);
    this.#gatheredLength += chunk.length;
    // What the decoder keeps, at most three bytes, may become code units too.
    if (isEnded || this.#gatheredLength + 3 > this.consumer.room) {
      this.flush();
    }
  }

  /** Hands on what is not decoded yet: an unfinished character becomes U+FFFD. */
  finish(): void {
    this.flush();
    if (!this.#partial) return;
    this.#partial = false;
    this.interpret(this.#decoder.decode());
  }

  /** Decodes the chunks that were gathered. */
  flush(): void {
    const length = this.#gatheredLength;
    if (length === 0) return;
    this.#gatheredLength = 0;
    // It is there: push() makes it before the length grows.
    this.#decode(this.#gathered!.subarray(0, length));
  }

  #decode(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > this.#windowLength) {
      // Within a long line, to look for its end would cost more than all the rest.
      const isLong = this.consumer.lineLength >= WINDOW_LENGTH;
      const next = isLong
        ? LARGE_WINDOW_LENGTH
        : indexOfLineEnd(rest, this.#windowLength) + 1;
      if (next === 0 || next >= rest.length) break;
      if (!this.#decodeWindow(rest.subarray(0, next))) return;
      rest = rest.subarray(next);
    }
    if (rest.length > 0) this.#decodeWindow(rest);
  }

  #decodeWindow(bytes: Uint8Array): boolean {
    // Only a byte of 0x80 or more can leave a character unfinished. Without `stream`,
    // decode() takes half the time, and still finishes a character of the call before.
    const stream = bytes[bytes.length - 1]! >= 0x80;
    const text = this.#decoder.decode(bytes, stream ? { stream } : undefined);
    // No sequence of bytes decodes to more code units than it has bytes, so equal
    // lengths mean one for one, unless the decoder has kept bytes from before.
    const aligned = text.length === bytes.length && !this.#partial;
    this.#partial = stream;
    this.#windowLength = aligned ? WINDOW_LENGTH : WIDE_WINDOW_LENGTH;
    return this.interpret(text, aligned ? bytes : undefined);
  }

  /** Hands on a window. */
  interpret(text: string, bytes?: Uint8Array): boolean {
    if (this.head.length < HEAD_LENGTH) {
      this.head += ownText(text.slice(0, HEAD_LENGTH));
    }
    if (this.#received > COMPACT_AFTER) {
      this.consumer.compact();
      this.#received = 0;
    }
    this.#received += text.length;
    return this.consumer.interpret(text, bytes);
  }
}

/** Hands on text, after what is not decoded yet. The client has only bytes. */
export function pushText(windows: TextWindows, text: string): void {
  windows.finish();
  let isRead = true;
  for (let at = 0; isRead && at < text.length; at += LARGE_WINDOW_LENGTH) {
    const window = text.slice(at, at + LARGE_WINDOW_LENGTH);
    // An event type or an ID, which is not copied, would keep all of a large text.
    isRead = windows.interpret(window === text ? text : ownText(window));
  }
}

function indexOfLineEnd(bytes: Uint8Array, from: number): number {
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === LF || byte === CR) return i;
  }
  return -1;
}
