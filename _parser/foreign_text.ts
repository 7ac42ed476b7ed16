// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds out, for `readEvents()` and `connect()`, whether a stream that has ended without an
 * event was something else, such as a page or an error.
 *
 * @module
 */

import type { Interpreter } from "./interpreter.ts";
import { HEAD_LENGTH } from "./sizes.ts";
import type { TextWindows } from "./text_windows.ts";

// A comment, a field of the standard, or a field name with a byte that is not UTF-8.
const LINE_REGEXP = /^(\ufeff?(data|event|id|retry)(:|$)|\w*\ufffd\w*:|:)/m;

/**
 * Checks, at the end of a stream, whether it was an event stream.
 *
 * @param windows The decoder of the stream, which has its beginning.
 * @returns The beginning of the text, if there was no event, the text is not blank and no
 * line of it is a comment or a field.
 */
export function findForeignText(
  windows: TextWindows<Interpreter>,
): string | undefined {
  windows.flush();
  const text = windows.head.replace("\ufeff", "").slice(0, HEAD_LENGTH);
  // Also the beginning of a field name: the stream may have broken off in its first line.
  const isStream = windows.consumer.hasEvents ||
    " data event id retry".includes(` ${text.trim()}`) ||
    LINE_REGEXP.test(text);
  return isStream ? undefined : text;
}
