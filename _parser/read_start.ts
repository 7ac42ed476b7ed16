// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the beginning of the body of a response that was refused, for the errors of
 * `readEvents()` and `connect()`.
 *
 * @module
 */

import type { Clock } from "../_clock.ts";
import { settleWithin } from "./settle_within.ts";
import { BODY_SIZE, BODY_TIMEOUT } from "./sizes.ts";

/** A chunk of bytes, or the end. */
export interface ByteChunk {
  done?: boolean | undefined;
  value?: Uint8Array | undefined;
}

/**
 * Reads the beginning of a body, as far as it comes in time.
 *
 * @param read Reads the next chunk. What it rejects with counts as the end: what is
 * reported is the status.
 * @param clock The timers.
 * @returns The beginning as text.
 */
export async function readStart(
  read: () => Promise<ByteChunk>,
  clock?: Clock,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const readAll = async (): Promise<void> => {
    for (let left = BODY_SIZE; left > 0;) {
      const { value } = await read();
      if (!value) return;
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
  };
  await settleWithin(readAll(), BODY_TIMEOUT, clock).catch(() => {});
  return text;
}
