// Copyright 2026 the Tidings authors. MIT license.

/**
 * Writes the fields of an event as a block of an event stream. The encoder calls it, and
 * channels for the events of their logs, which have topics too.
 *
 * @module
 */

import { dataOf, VERB } from "./event_data.ts";
import { hasLineBreak, prefixLines } from "./line_breaks.ts";
import { assertInteger, assertString, describeMismatch } from "../_validate.ts";
import type { ServerSentEventInit } from "../event.ts";

const ENCODER = new TextEncoder();

/** Encodes text, in a buffer of its own. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text);
}

/**
 * Writes an event as a block. Members that are no fields are ignored.
 *
 * @throws {TypeError} As `encodeEvent()` does for a field.
 * @throws {RangeError} As `encodeEvent()` does for a field.
 */
export function formatBlock(init: ServerSentEventInit): string {
  const data = dataOf(init);
  const { event, id, retry, comment } = init;
  let block = "";
  if (comment !== undefined) block += formatLines(": ", "comment", comment);
  if (event !== undefined) block += formatBlockType(event);
  if (data !== undefined) block += formatLines("data: ", "data", data);
  if (id !== undefined) block += formatId(id);
  if (retry !== undefined) block += formatRetry(retry);
  return block + "\n";
}

function formatLines(prefix: string, field: string, value: string): string {
  assertString(VERB, field, value);
  return prefixLines(prefix, value);
}

function formatBlockType(value: string): string {
  assertString(VERB, "event", value);
  if (hasLineBreak(value)) {
    const expected = "text without a line break";
    throw new TypeError(describeMismatch(VERB, "event", expected, value));
  }
  // A receiver takes no event field for "message". Without the line, a relay sends the
  // bytes that it received.
  return value === "message" ? "" : `event: ${value}\n`;
}

function formatId(value: string | number): string {
  if (typeof value === "number") {
    if (Number.isFinite(value)) return `id: ${value}\n`;
    const expected = "a finite number";
    throw new RangeError(describeMismatch(VERB, "id", expected, value));
  }
  // A receiver ignores an ID that holds U+0000.
  const isRight = typeof value === "string" && !hasLineBreak(value) &&
    !value.includes("\0");
  if (isRight) return `id: ${value}\n`;
  const expected = "a number, or text without a line break or U+0000";
  throw new TypeError(describeMismatch(VERB, "id", expected, value));
}

function formatRetry(value: number): string {
  assertInteger(VERB, "retry", value, 0);
  return `retry: ${value}\n`;
}
