// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads field names, and where their values begin, from the codes at the start of a line.
 * The interpreter's hot loop calls it.
 *
 * @module
 */

/** The code of a line feed. */
export const LF = 0x0a;
/** The code of a carriage return. */
export const CR = 0x0d;

const SPACE = 0x20;
const COLON = 0x3a;

/**
 * Finds the value of a field.
 *
 * @param codes The codes of the line, or of its beginning.
 * @param at The index in `codes` after the name.
 * @param start The index in the text after the name.
 * @param end The index in the text of the line's end.
 * @returns The index of the value in the text, or -1 if the name goes on.
 */
export function indexOfValue(
  codes: Uint8Array,
  at: number,
  start: number,
  end: number,
): number {
  if (codes[at] === COLON) {
    // Spec: "If value starts with a U+0020 SPACE character, remove it from value."
    return codes[at + 1] === SPACE ? start + 2 : start + 1;
  }
  // Spec: "use the whole line as the field name, and the empty string as the
  // field value"
  return start === end ? end : -1;
}

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
