// Copyright 2026 the Tidings authors. MIT license.

/**
 * Text that grows by pieces, however small, and takes the memory of its characters only:
 * the interpreter's data buffer and the line that it is receiving.
 *
 * @module
 */

import { ownText } from "../_own_text.ts";

/** UTF-16 code units from which a piece of a rope costs at most 5 % more than its text. */
export const BLOCK_LENGTH = 1024;

/**
 * A rope of large blocks.
 *
 * Each piece of a rope costs V8 32 bytes, and a slice keeps the string that it points into.
 * As a rope of slices, 16 million lines without a value would take 540 MB, and lines of 13
 * characters between long comments a thousand times their length. So pieces are copied into
 * blocks: each once, and up to {@linkcode BLOCK_LENGTH} units again with each call.
 */
export class GrowingText {
  #blocks = "";
  /** What does not fill a block yet. */
  #rest = "";

  /** UTF-16 code units. */
  get length(): number {
    return this.#blocks.length + this.#rest.length;
  }

  /** Adds a copy of a text. */
  append(text: string): void {
    this.#rest = ownText(this.#rest + text);
    if (this.#rest.length >= BLOCK_LENGTH) this.appendBlock("");
  }

  /** Adds a text as it is: large, and no slice of a larger one. */
  appendBlock(block: string): void {
    this.#blocks += this.#rest + block;
    this.#rest = "";
  }

  /** The text, a rope. */
  toString(): string {
    return this.#blocks + this.#rest;
  }
}
