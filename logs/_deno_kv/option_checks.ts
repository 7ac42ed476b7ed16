// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks of the options that `DenoKvEventLog` and `DenoKvEventLogs` share.
 *
 * @module
 */

import { assertName, describeMismatch, quote } from "../../_validate.ts";
import { checkWaits } from "../_engine/wait_options.ts";
import type { KvKeyPart } from "./store.ts";
import { ENCODER } from "../../_platform_class.ts";

/**
 * The most bytes of a prefix as Deno KV writes it. A key takes at most 2048, of which the
 * name of a log takes up to 1042, and what comes after it 58.
 */
const MAX_PREFIX_BYTES = 900;

/**
 * Checks options. Deno KV writes text as UTF-8, in which all lone surrogates are the same
 * bytes, so two prefixes with different ones would have the same keys.
 *
 * @param verb What fails otherwise.
 * @param prefix The first parts of all keys.
 * @param pollInterval Milliseconds, or `Infinity`.
 * @param timeout Milliseconds.
 * @throws {TypeError} If a number is not one, or the prefix is not an array of parts of
 * keys whose texts are well-formed.
 * @throws {RangeError} If a number is outside its range, or the prefix takes more than
 * 900 bytes.
 */
export function checkKvOptions(
  verb: string,
  prefix: readonly KvKeyPart[],
  pollInterval: number,
  timeout: number,
): void {
  checkWaits(verb, pollInterval, timeout);
  // A string would be taken for the list of its characters.
  if (!Array.isArray(prefix)) refuse(verb, prefix);
  let bytes = 0;
  for (const part of prefix as readonly KvKeyPart[]) {
    if (typeof part === "string") assertName(verb, "prefix", part);
    bytes += countBytes(part) ?? refuse(verb, part);
  }
  if (bytes <= MAX_PREFIX_BYTES) return;
  throw new RangeError(
    `Cannot ${verb}: expected "prefix" to take at most ${MAX_PREFIX_BYTES} bytes, got ${bytes}`,
  );
}

function refuse(verb: string, got: unknown): never {
  const expected =
    "an array of strings, numbers, bigints, booleans or Uint8Arrays";
  throw new TypeError(describeMismatch(verb, "prefix", expected, got));
}

/**
 * Counts the bytes that Deno KV takes for a part of a key; `undefined` if it takes no such
 * part.
 */
function countBytes(part: KvKeyPart): number | undefined {
  switch (typeof part) {
    case "string":
      return countText(ENCODER.encode(part));
    case "number":
      return 9;
    case "bigint": {
      const digits = (part < 0n ? -part : part).toString(16).length;
      // Beyond 8 bytes their number takes one too.
      return Math.ceil(digits / 2) + 2;
    }
    case "boolean":
      return 1;
    default:
      return part instanceof Uint8Array ? countText(part) : undefined;
  }
}

/** Counts bytes between two marks. A zero is escaped. */
function countText(bytes: Uint8Array): number {
  return bytes.length + bytes.filter((byte) => byte === 0).length + 2;
}

/** Shows the first parts of a log's keys in an error, such as `["news", 1]`. */
export function describePrefix(prefix: readonly KvKeyPart[]): string {
  const parts = prefix.map((part) =>
    part instanceof Uint8Array ? `${part.length} bytes` : quote(part)
  );
  return `[${parts.join(", ")}]`;
}
