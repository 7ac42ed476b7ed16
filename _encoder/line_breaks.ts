// Copyright 2026 the Tidings authors. MIT license.

/**
 * What ends a line in an event stream: LF, CR or CR LF. The encoder splits text there, and
 * sockets send text with a line break as JSON.
 *
 * @module
 */

const HAS_LINE_BREAK_REGEXP = /[\r\n]/;
const LINE_BREAK_REGEXP = /\r\n?|\n/g;

/** Tells whether a text has a line break, so that a receiver would read two lines. */
export function hasLineBreak(text: string): boolean {
  return HAS_LINE_BREAK_REGEXP.test(text);
}

/** Puts a prefix before each line of a text, and a LF after each. */
export function prefixLines(prefix: string, text: string): string {
  // Most texts have one line, and to look is cheaper than to replace nothing.
  if (hasLineBreak(text)) {
    text = text.replace(LINE_BREAK_REGEXP, "\n" + prefix);
  }
  return prefix + text + "\n";
}
