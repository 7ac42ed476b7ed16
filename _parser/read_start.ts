// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the beginning of the body of a response that was refused, for the errors of
 * `readEvents()` and `connect()`.
 *
 * @module
 */

import { type Clock, SYSTEM_CLOCK } from "../_clock.ts";
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
export function readStart(
  read: () => Promise<ByteChunk>,
  clock: Clock = SYSTEM_CLOCK,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let left = BODY_SIZE;
  const readAll = async (): Promise<void> => {
    while (left > 0) {
      const { value } = await read();
      if (!value) return;
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
  };
  return new Promise((resolve) => {
    const end = (): void => {
      clock.clearTimeout(timer);
      resolve(text);
    };
    const timer = clock.setTimeout(end, BODY_TIMEOUT);
    readAll().then(end, end);
  });
}
