// Copyright 2026 the Tidings authors. MIT license.

/**
 * Text that grows by pieces, however small, and takes the memory of its characters only:
 * the interpreter keeps in it the data of a large event, and the line that it receives.
 *
 * @module
 */

import { ownText } from "../_own_text.ts";

/**
 * A rope of blocks, and of the pieces since `compact()` was called last.
 *
 * Each piece of a rope costs V8 32 bytes, and a slice keeps the string that it points into.
 * As a rope of slices, 16 million lines without a value would take 540 MB, and lines of 13
 * characters between long comments a thousand times their length. So `compact()` copies
 * the pieces into a block, each once. A block costs 48 bytes besides its text, which is
 * little for `COMPACT_AFTER` units of the stream.
 */
export class GrowingText {
  #blocks = "";
  #pieces = "";

  /** UTF-16 code units. */
  get length(): number {
    return this.#blocks.length + this.#pieces.length;
  }

  /** Adds a piece. */
  append(text: string): void {
    this.#pieces += text;
  }

  /** Makes a block of the pieces as they are. */
  endBlock(): void {
    this.#blocks += this.#pieces;
    this.#pieces = "";
  }

  /** Copies the pieces, so that what they point into can be freed. */
  compact(): void {
    this.#pieces = ownText(this.#pieces);
    this.endBlock();
  }

  /** Empties it, and returns the text: a rope. */
  take(): string {
    const text = this.#blocks + this.#pieces;
    this.#blocks = this.#pieces = "";
    return text;
  }
}
