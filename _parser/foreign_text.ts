// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells an event stream from something else, for `readEvents()` and `connect()`: a stream
 * that ends without an event may be a page or an error.
 *
 * @module
 */

import type { Interpreter } from "./interpreter.ts";
import { HEAD_LENGTH } from "./sizes.ts";
import type { TextWindows } from "./text_windows.ts";

// A comment, or a field that the standard knows, or would but for a byte that is wrong.
const LINE_REGEXP = /^(\ufeff?(data|event|id|retry)(:|$)|\w*\ufffd\w*:|:)/m;

/**
 * Looks, at the end of a stream, for something else than an event stream.
 *
 * @param windows What has decoded the stream.
 * @returns The beginning of the text, if there was no event, the text is not blank and no
 * line of it is a comment or a field.
 */
export function findForeignText(
  windows: TextWindows<Interpreter>,
): string | undefined {
  windows.flush();
  const text = windows.head.replace("\ufeff", "").slice(0, HEAD_LENGTH);
  // Also the beginning of a name: a stream may be cut within its first line.
  const isStream = windows.consumer.hasEvents ||
    " data event id retry".includes(` ${text.trim()}`) ||
    LINE_REGEXP.test(text);
  return isStream ? undefined : text;
}
