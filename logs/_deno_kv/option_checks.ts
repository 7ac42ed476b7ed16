// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks of the options that `DenoKvEventLog` and `DenoKvEventLogs` share.
 *
 * @module
 */

import { assertName, assertNumber, MAX_DELAY, quote } from "../../_validate.ts";
import type { KvKeyPart } from "./store.ts";

/**
 * Checks options. Deno KV writes text as UTF-8, in which all lone surrogates are the same
 * bytes, so two prefixes with different ones would have the same keys.
 *
 * @param verb What fails otherwise.
 * @param prefix The first parts of all keys.
 * @param pollInterval Milliseconds, or `Infinity`.
 * @param timeout Milliseconds.
 * @throws {TypeError} If a number is not one, or a text in the prefix not well-formed.
 * @throws {RangeError} If a number is outside its range.
 */
export function checkKvOptions(
  verb: string,
  prefix: readonly KvKeyPart[],
  pollInterval: number,
  timeout: number,
): void {
  if (pollInterval !== Infinity) {
    assertNumber(verb, "pollInterval", pollInterval, 1, MAX_DELAY);
  }
  assertNumber(verb, "timeout", timeout, 1, MAX_DELAY);
  for (const part of prefix) {
    if (typeof part === "string") assertName(verb, "prefix", part);
  }
}

/** Shows the first parts of a log's keys in an error, such as `["news", 1]`. */
export function describePrefix(prefix: readonly KvKeyPart[]): string {
  const parts = prefix.map((part) =>
    part instanceof Uint8Array ? `${part.length} bytes` : quote(part)
  );
  return `[${parts.join(", ")}]`;
}
