// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cells that are known to fail, each with its reason. One that passes is a failure of
 * the suite: it has to leave the list.
 *
 * @module
 */

const UNFLUSHED = "what middleware has compressed is not flushed";
const SILENT = "Bun closes a stream that is silent for 10 seconds";

/** The reasons, by the framework, the change of its program and the column. */
export const EXPECTED_FAILURES: Readonly<Record<string, string>> = {
  "express, allowTransform: events at once": UNFLUSHED,
  "express, allowTransform: shutdown": UNFLUSHED,
  "nest, allowTransform: events at once": UNFLUSHED,
  "nest, allowTransform: shutdown": UNFLUSHED,
  "bun: quiet stream": SILENT,
  "bun: no warning": SILENT,
};
