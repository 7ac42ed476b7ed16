// Copyright 2026 the Tidings authors. MIT license.

/**
 * Field names and where their values begin, read from the codes at the start of a line.
 *
 * @module
 */

const SPACE = 0x20;
const COLON = 0x3a;

/**
 * Finds the value of a field.
 *
 * @returns Its index, or -1 if the name goes on.
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

// The first letter is known. None reads past the end of its line: there at the
// latest is a code that differs.

/** Whether a name that begins with "d" begins with "data". */
export function isData(codes: Uint8Array, at: number): boolean {
  return codes[at + 1] === 0x61 && codes[at + 2] === 0x74 &&
    codes[at + 3] === 0x61;
}

/** Whether a name that begins with "e" begins with "event". */
export function isEvent(codes: Uint8Array, at: number): boolean {
  return codes[at + 1] === 0x76 && codes[at + 2] === 0x65 &&
    codes[at + 3] === 0x6e && codes[at + 4] === 0x74;
}

/** Whether a name that begins with "i" begins with "id". */
export function isId(codes: Uint8Array, at: number): boolean {
  return codes[at + 1] === 0x64;
}
