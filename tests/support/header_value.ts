// Copyright 2026 the Tidings authors. MIT license.

/**
 * The values of headers in the `Headers` of a server: one character for each byte. Those of
 * workerd have the text that the bytes are in UTF-8.
 *
 * @module
 */

const IS_WORKERD = "WebSocketPair" in globalThis;

/** The value for bytes, which are one character each. */
export function headerValueOf(bytes: string): string {
  return IS_WORKERD ? decode(bytes) : bytes;
}

/** The value for text that was sent in UTF-8. */
export function headerValueOfText(text: string): string {
  return headerValueOf(String.fromCharCode(...new TextEncoder().encode(text)));
}

/** The text of a value, if it was sent in UTF-8. */
export function textOfHeader(value: string): string {
  return IS_WORKERD ? value : decode(value);
}

function decode(bytes: string): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)),
  );
}
