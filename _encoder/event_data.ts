// Copyright 2026 the Tidings authors. MIT license.

/**
 * Where an event's text comes from: its `data`, or its `json`.
 *
 * @module
 */

import type { ServerSentEventInit, TextEventInit } from "../event.ts";
import { quote } from "../_validate.ts";

/**
 * Gives the text of an event.
 *
 * @param init The event.
 * @returns Its `data`, whatever that is, or the text of its `json`; `undefined` if
 * it has neither.
 * @throws {TypeError} If it is no object, has both, or its `json` has no text.
 */
export function dataOf(init: ServerSentEventInit): string | undefined {
  if (typeof init !== "object" || init === null) {
    throw new TypeError(
      `Cannot encode event: it is ${quote(init)}, an object is wanted`,
    );
  }
  const { data } = init;
  // `json: undefined` beside no data is an event that would get lost in silence.
  if (data === undefined) {
    return "json" in init ? stringify(init.json) : undefined;
  }
  if (init.json !== undefined) {
    throw new TypeError(
      'Cannot encode event: it has "data" and "json", one of them is wanted',
    );
  }
  return data;
}

/**
 * Turns `json` into `data`, for those who keep an event before it is encoded.
 *
 * @param init The event.
 * @returns The same event, or one that has `data` in place of `json`.
 * @throws {TypeError} As {@linkcode dataOf}.
 */
export function withData(init: ServerSentEventInit): TextEventInit {
  const data = dataOf(init);
  const { event, id, retry, comment } = init;
  return { event, data, id, retry, comment };
}

function stringify(json: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(json);
  } catch (cause) {
    throw new TypeError(
      'Cannot encode event: "json" has no text, see the cause',
      { cause },
    );
  }
  if (text !== undefined) return text;
  throw new TypeError(
    `Cannot encode event: "json" is ${
      quote(json)
    }, a value that JSON has a text for is wanted`,
  );
}
