// Copyright 2026 the Tidings authors. MIT license.

/**
 * The specification as a table. Every row is one fact about decoding; the tests
 * run it through each door, in each cut, and with each line end.
 */

import type { Outcome } from "../support/outcome.ts";
import { FIELD_ROWS } from "./_rows_fields.ts";
import { LINE_ROWS } from "./_rows_lines.ts";
import { STATE_ROWS } from "./_rows_state.ts";
import { STANDARD_ROWS } from "./_rows_standard.ts";

/** One fact about decoding. */
export interface ParserRow {
  /** What is right, in plain words. */
  name: string;
  /** The anchor in the standard of what decides it. */
  spec: string;
  /**
   * The stream. A LF stands for each of the three line ends; a row that holds a
   * CR is about line ends, and is taken as it is.
   */
  input: string | Uint8Array<ArrayBuffer>;
  /** What the stream comes to when it ends. */
  expected: Outcome;
}

/** All rows. */
export const PARSER_ROWS: ParserRow[] = [
  ...STANDARD_ROWS,
  ...LINE_ROWS,
  ...FIELD_ROWS,
  ...STATE_ROWS,
];

const ENCODER = new TextEncoder();
const LF = 0x0a;
const CR = 0x0d;

/** The bytes of a row, with each of the line ends that it stands for. */
export function* variants(
  row: ParserRow,
): Generator<{ name: string; bytes: Uint8Array<ArrayBuffer> }> {
  const bytes = typeof row.input === "string"
    ? ENCODER.encode(row.input)
    : row.input;
  if (bytes.includes(CR)) {
    yield { name: "as is", bytes };
    return;
  }
  yield { name: "LF", bytes };
  yield { name: "CR", bytes: withLineEnd(bytes, [CR]) };
  yield { name: "CRLF", bytes: withLineEnd(bytes, [CR, LF]) };
}

function withLineEnd(
  bytes: Uint8Array,
  lineEnd: number[],
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    [...bytes].flatMap((byte) => byte === LF ? lineEnd : [byte]),
  );
}
