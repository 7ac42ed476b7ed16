// Copyright 2026 the Tidings authors. MIT license.

/**
 * Encodes the cursor that a client is sent before it goes live. Subscribers call it: those
 * that come between two events are sent the same one.
 *
 * @module
 */

import { encodeEvent } from "../encoder.ts";

let lastCursor: string | undefined;
let lastBytes: Uint8Array<ArrayBuffer>;

/**
 * Encodes a cursor as an ID without an event.
 *
 * @param cursor The cursor.
 * @returns The bytes, which others may have too.
 */
export function encodeCursor(cursor: string): Uint8Array<ArrayBuffer> {
  if (cursor !== lastCursor) {
    lastBytes = encodeEvent({ id: cursor });
    lastCursor = cursor;
  }
  return lastBytes;
}
