// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds out, for `readEvents()` and `connect()`, whether a stream that has ended without an
 * event was something else, such as a page or an error.
 *
 * @module
 */

import { HEAD_LENGTH } from "./sizes.ts";
import type { Interpreter } from "./interpreter.ts";

// A comment, a field of the standard, or a field name with a byte that is not UTF-8.
const LINE_REGEXP = /^(\ufeff?(data|event|id|retry)(:|$)|\w*\ufffd\w*:|:)/m;

/**
 * Checks, at the end of a stream, whether it was an event stream.
 *
 * @param interpreter The interpreter of the stream, which has its beginning.
 * @returns The beginning of the text, if there was no event, the text is not blank and no
 * line of it is a comment or a field.
 */
export function findForeignText(
  interpreter: Interpreter,
): string | undefined {
  interpreter.flush();
  const text = interpreter.head.slice(0, HEAD_LENGTH);
  // Also the beginning of a field name: the stream may have broken off in its first line.
  const isStream = interpreter.hasEvents ||
    " data event id retry".includes(` ${text.trim()}`) ||
    LINE_REGEXP.test(text);
  return isStream ? undefined : text;
}
