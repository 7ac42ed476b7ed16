// Copyright 2026 the Tidings authors. MIT license.

/**
 * Lets responses of `node:http` share the text of their heads: within a second, those of
 * event streams are the same. `sendResponse()` calls it.
 *
 * @module
 */

import type { Exchange } from "./_exchange.ts";

/** Where Node keeps the head of a response, as long as the response lasts. */
interface WrittenHead {
  _header: unknown;
}

/** The head that was written last. */
let lastHead = "";

/**
 * Replaces the head that a response has written but not sent by an equal text that others
 * hold too. Node joins it of some thirty parts, and each response would keep them all.
 *
 * @param exchange The exchange of the response, after its `writeHead()`.
 */
export function shareHead({ nodeResponse }: Exchange): void {
  if (nodeResponse === undefined) return;
  const written = nodeResponse as unknown as WrittenHead;
  const { _header: head } = written;
  // Not a text where a middleware puts the head off, or if Node keeps it elsewhere.
  if (typeof head !== "string") return;
  if (head === lastHead) written._header = lastHead;
  else lastHead = head;
}
