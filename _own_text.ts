// Copyright 2026 the Tidings authors. MIT license.

/**
 * Copies strings for code that keeps them for long: the parser's buffers, logs in memory and
 * the recent events of a shared connection.
 *
 * @module
 */

/**
 * Copies a text, so that it holds no other memory than its own.
 *
 * In V8, JavaScriptCore and SpiderMonkey, `slice()` points into the string that it was
 * called on, and `+` points to both of its operands. One event of 30 characters, kept
 * from each window that a parser decodes, would keep the whole window of 15 KiB.
 *
 * @param text The text, a slice or a rope of pieces.
 * @returns An equal text. It holds one code unit more than it shows.
 */
export function ownText(text: string): string {
  const rope = " " + text;
  // To compare the rope, it is written out into one new string, which the slice points into.
  // Without that, JavaScriptCore and SpiderMonkey would find `text` itself in the rope.
  return rope < "" ? rope : rope.slice(1);
}
