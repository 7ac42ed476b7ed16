// Copyright 2026 the Tidings authors. MIT license.

/**
 * Writes the fields of an event as a block of an event stream, and refuses what would inject
 * a field or an event, such as a line break in an ID. The encoder calls it, and channels for
 * the events of their logs, which have topics too.
 *
 * @module
 */

import { dataOf, VERB } from "./event_data.ts";
import { hasLineBreak, prefixLines } from "./line_breaks.ts";
import { assertInteger, assertString, describeMismatch } from "../_validate.ts";
import type { ServerSentEventInit, TextEventInit } from "../event.ts";
import { ENCODER } from "../_platform_class.ts";

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
  const fields = { event, data, id, retry, comment };
  assertFields(fields);
  let block = "";
  if (comment !== undefined) block += prefixLines(": ", comment);
  // An event without the field has the type "message". With the field, a relay would send
  // other bytes than it has received.
  if (event !== undefined && event !== "message") block += `event: ${event}\n`;
  if (data !== undefined) block += prefixLines("data: ", data);
  if (id !== undefined) block += `id: ${id}\n`;
  if (retry !== undefined) block += `retry: ${retry}\n`;
  return block + "\n";
}

/**
 * Checks that an event can be written, without writing it.
 *
 * @param fields The event, with its `data` as text.
 * @throws {TypeError} As `encodeEvent()` does for a field.
 * @throws {RangeError} As `encodeEvent()` does for a field.
 */
export function assertFields(
  { comment, event, data, id, retry }: TextEventInit,
): void {
  if (comment !== undefined) assertString(VERB, "comment", comment);
  if (event !== undefined) assertType(event);
  if (data !== undefined) assertString(VERB, "data", data);
  if (id !== undefined) assertId(id);
  if (retry !== undefined) assertInteger(VERB, "retry", retry, 0);
}

function assertType(value: string): void {
  assertString(VERB, "event", value);
  if (!hasLineBreak(value)) return;
  const expected = "text without a line break";
  throw new TypeError(describeMismatch(VERB, "event", expected, value));
}

function assertId(value: string | number): void {
  if (typeof value === "number") {
    if (Number.isFinite(value)) return;
    const expected = "a finite number";
    throw new RangeError(describeMismatch(VERB, "id", expected, value));
  }
  // A receiver ignores an ID that holds U+0000.
  const isRight = typeof value === "string" && !hasLineBreak(value) &&
    !value.includes("\0");
  if (isRight) return;
  const expected = "a number, or text without a line break or U+0000";
  throw new TypeError(describeMismatch(VERB, "id", expected, value));
}
