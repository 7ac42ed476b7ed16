// Copyright 2026 the Tidings authors. MIT license.

/**
 * The data of an event that is sent: its `data`, or its `json` as text. The encoder calls
 * it, and what keeps events before they are encoded: channels and runs.
 *
 * @module
 */

import type { ServerSentEventInit, TextEventInit } from "../event.ts";
import { assertNoOptions, type EventOptions } from "../_options.ts";
import { describeMismatch, quote } from "../_validate.ts";

/** What fails, in the errors of the encoder. */
export const VERB = "encode event";

/**
 * Reads the data of an event.
 *
 * @param init The event.
 * @returns Its `data`, whatever that is, or the text of its `json`; `undefined` if
 * it has neither.
 * @throws {TypeError} If it is not an object, has both, or JSON cannot express its
 * `json`.
 */
export function dataOf(init: ServerSentEventInit): string | undefined {
  if (typeof init !== "object" || init === null) {
    throw new TypeError(
      `Cannot ${VERB}: expected an object, got ${quote(init)}`,
    );
  }
  const { data, json } = init;
  if (data === undefined) {
    // An event with `json: undefined` would be written without data, and no receiver
    // would dispatch it.
    return "json" in init ? stringify(json) : undefined;
  }
  if (json !== undefined) {
    const expected = 'left out beside "data"';
    throw new TypeError(describeMismatch(VERB, "json", expected, json));
  }
  return data;
}

/**
 * Writes `json` as `data`, for what keeps an event before it is encoded.
 *
 * @param verb What fails if a member of the event is an option.
 * @param init The event.
 * @param options What the options give, as {@linkcode assertNoOptions} takes it.
 * @returns An equal event that has `data` instead of `json`.
 * @throws {TypeError} As {@linkcode dataOf} and {@linkcode assertNoOptions}.
 */
export function withData(
  verb: string,
  init: ServerSentEventInit,
  options?: EventOptions,
): TextEventInit {
  const data = dataOf(init);
  assertNoOptions(verb, init, options);
  const { event, id, retry, comment } = init;
  return { event, data, id, retry, comment };
}

function stringify(json: unknown): string {
  let text: string | undefined;
  let options: ErrorOptions | undefined;
  try {
    text = JSON.stringify(json);
  } catch (cause) {
    options = { cause };
  }
  if (text !== undefined) return text;
  const expected = "a value that JSON can express";
  throw new TypeError(
    describeMismatch(VERB, "json", expected, json),
    options,
  );
}
