// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds the ends of lines, and field names in the codes at the start of a line. The
 * interpreter calls it.
 *
 * @module
 */

/** The code of a line feed. */
export const LF = 0x0a;
/** The code of a carriage return. */
export const CR = 0x0d;
/** The code of a space. */
export const SPACE = 0x20;
/** The code of a colon. */
export const COLON = 0x3a;

/**
 * Finds out which name a line begins with.
 *
 * @returns The length of the name: 4 for "data", 5 for "event", 2 for "id", 0 for any
 * other. The name may go on.
 */
export function lengthOfName(codes: Uint8Array, at: number): number {
  // At the end of the line at the latest there is a code that differs, so that nothing
  // after it is read.
  const code = codes[at];
  if (code === 0x64) {
    const isData = codes[at + 1] === 0x61 && codes[at + 2] === 0x74 &&
      codes[at + 3] === 0x61;
    return isData ? 4 : 0;
  }
  if (code === 0x65) {
    const isEvent = codes[at + 1] === 0x76 && codes[at + 2] === 0x65 &&
      codes[at + 3] === 0x6e && codes[at + 4] === 0x74;
    return isEvent ? 5 : 0;
  }
  return code === 0x69 && codes[at + 1] === 0x64 ? 2 : 0;
}

/** Finds a character. Returns the length of the text if there is none. */
export function indexOrLength(
  text: string,
  character: string,
  from: number,
): number {
  const index = text.indexOf(character, from);
  return index === -1 ? text.length : index;
}

/** Finds a line end. Returns -1 if there is none. */
export function indexOfLineEnd(bytes: Uint8Array, from: number): number {
  for (let i = from; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === LF || byte === CR) return i;
  }
  return -1;
}
