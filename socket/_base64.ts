// Copyright 2026 the Tidings authors. MIT license.

/**
 * Base64 for the messages of bytes, by `toBase64()` and `fromBase64()`, or by `btoa()` and
 * `atob()` where a runtime lacks those.
 *
 * @module
 */

import { describeMismatch } from "../_validate.ts";

// Bytes for one call of String.fromCharCode(): with too many arguments it throws.
const SLICE = 8192;

/** Encodes bytes as base64. */
export function encodeBase64(
  bytes: Uint8Array & { toBase64?: () => string },
): string {
  if (bytes.toBase64 !== undefined) return bytes.toBase64();
  let binary = "";
  for (let start = 0; start < bytes.length; start += SLICE) {
    binary += String.fromCharCode(...bytes.subarray(start, start + SLICE));
  }
  return btoa(binary);
}

/**
 * Decodes base64.
 *
 * @throws {SyntaxError} If the text is not base64.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const { fromBase64 }: Uint8ArrayConstructor & {
    fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
  } = Uint8Array;
  if (fromBase64 !== undefined) return fromBase64.call(Uint8Array, text);
  let binary: string;
  try {
    binary = atob(text);
  } catch (cause) {
    throw new SyntaxError(
      describeMismatch("read message", "data", "base64", text),
      { cause },
    );
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
