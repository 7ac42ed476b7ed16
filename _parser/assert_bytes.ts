// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks the chunks of bytes that a source gives: for the parser, `readEvents()` and the
 * client's connections.
 *
 * @module
 */

/**
 * Checks that a chunk is bytes. A stream of Node with an encoding gives strings, and a
 * stream of another library what it likes.
 *
 * @param verb What fails otherwise.
 * @param chunk The chunk.
 * @param expected What it has to be.
 * @throws {TypeError} If it is anything else.
 */
export function assertBytes(
  verb: string,
  chunk: Uint8Array,
  expected = "a Uint8Array",
): void {
  // By its tag: it may come from another realm.
  if (chunk?.[Symbol.toStringTag] !== "Uint8Array") {
    throw new TypeError(
      `Cannot ${verb}: expected ${expected}, got ${typeof chunk}`,
    );
  }
}
