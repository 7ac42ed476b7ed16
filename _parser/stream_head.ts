// Copyright 2026 the Tidings authors. MIT license.

/**
 * Keeps the beginning of a stream until its first event, for `readEvents()` and `connect()`:
 * a stream that ends without one may be a page or an error instead of an event stream.
 *
 * @module
 */

/** UTF-16 code units that are looked at, and that an error has at most. */
const HEAD_LENGTH = 1024;

// A comment, or a field that the standard knows, or would but for a byte that is wrong.
const LINE_REGEXP = /^(\ufeff?(data|event|id|retry)(:|$)|\w*\ufffd\w*:|:)/m;

/** The beginning of a stream. It costs nothing once an event has arrived. */
export class StreamHead {
  #text: string | undefined = "";
  readonly #decoder = new TextDecoder();

  /**
   * Adds a chunk.
   *
   * @param chunk What the parser has taken.
   * @param hasEvents Whether it has completed an event.
   */
  add(chunk: Uint8Array, hasEvents: boolean): void {
    if (this.#text === undefined) return;
    if (hasEvents) this.#text = undefined;
    else if (this.#text.length < HEAD_LENGTH) {
      this.#text += this.#decoder.decode(chunk, { stream: true });
    }
  }

  /**
   * Looks, at the end, for something else than an event stream.
   *
   * @returns The beginning of the text, if it is not blank and no line of it is a comment
   * or a field.
   */
  findForeignText(): string | undefined {
    const text = this.#text?.slice(0, HEAD_LENGTH);
    // Also the beginning of a name: a stream may be cut within its first line.
    const isStream = !text ||
      " data event id retry".includes(` ${text.trim()}`) ||
      LINE_REGEXP.test(text);
    return isStream ? undefined : text;
  }
}
