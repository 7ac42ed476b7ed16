// Copyright 2026 the Tidings authors. MIT license.

/**
 * IDs of events at the edges of what can be written and of what a client can bring
 * back, for every room that takes one.
 *
 * @module
 */

/** An ID, and what is to become of it. */
export interface IdRow {
  /** What it is like. */
  name: string;
  id: string;
  /** Whether the encoder writes it. */
  isWritable: boolean;
  /** Whether a client can bring it back. */
  isReturnable: boolean;
}

const RETURNABLE: [name: string, id: string][] = [
  ["plain text", "order-17"],
  ["blanks inside", "a b"],
  ["Latin-1", "café"],
  ["other characters", "€ 🦕"],
  ["a byte order mark", "\ufeffa"],
  ["U+0085 and U+00A0 at the ends", "\u0085a\u00a0"],
  ["U+FFFD", "\ufffd"],
  ["1024 bytes", "é".repeat(512)],
];

const UNRETURNABLE: [name: string, id: string][] = [
  ["U+0001", "a\x01b"],
  ["U+001F", "a\x1fb"],
  ["U+007F", "a\x7fb"],
  ["a tab", "a\tb"],
  ["a blank at the start", " a"],
  ["a blank at the end", "a "],
  ["a blank alone", " "],
  ["a high surrogate alone", "a\ud800"],
  ["a low surrogate alone", "\udc00a"],
  ["1025 bytes", "é".repeat(512) + "a"],
  ["20 000 characters", "a".repeat(20_000)],
];

const UNWRITABLE: [name: string, id: string][] = [
  ["a line feed", "a\nb"],
  ["a carriage return", "a\rb"],
  ["U+0000", "a\0b"],
];

/** All rows. */
export const ID_ROWS: readonly IdRow[] = [
  ...RETURNABLE.map(([name, id]) => ({
    name,
    id,
    isWritable: true,
    isReturnable: true,
  })),
  ...UNRETURNABLE.map(([name, id]) => ({
    name,
    id,
    isWritable: true,
    isReturnable: false,
  })),
  ...UNWRITABLE.map(([name, id]) => ({
    name,
    id,
    isWritable: false,
    isReturnable: false,
  })),
];
