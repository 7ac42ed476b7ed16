// Copyright 2026 the Tidings authors. MIT license.

/**
 * The list of Deno KV's errors: which are transient, which are final. Every call to the
 * store is classified by it.
 *
 * Deno KV reports most errors as a `TypeError`, those of the file and of the network
 * included, so the text decides first.
 *
 * @module
 */

import type { ErrorKind } from "../_engine/retry.ts";
import { ContentionError } from "./conflicts.ts";
import { ForeignEntryError } from "./replies.ts";

/** The kinds of errors by their text; the first match counts. */
const KV_ERRORS: readonly (readonly [RegExp, ErrorKind])[] = [
  // Another process has locked the file.
  [/\bdatabase (?:table |schema )?is locked\b/, "transient"],
  [/\bdatabase or disk is full\b/, "transient"],
  // The service is overloaded, or is being moved.
  [/\bunavailable, try again later\b/, "transient"],
  [/\b(?:Reads|Writes) are disabled for this database\b/, "transient"],
  [/\b[Ss]trong consistency (?:reads|endpoints)\b/, "transient"],
  [/\(status=(?:408|425|429|503)\)/, "transient"],
  [/\(status=4\d\d\)/, "final"],
  // The commit may have been done.
  [/\bKV Connect failed\b/, "unknown"],
  [/\binternal server error\b/i, "unknown"],
  [/\berror sending request\b/, "unknown"],
  [/\bdisk I\/O error\b/, "unknown"],
  // The database cannot be written.
  [/\bread-?\s?only database\b|\bdatabase is read only\b/i, "final"],
  [/\b[Dd]atabase is closed\b/, "final"],
];

/** Tells the kind of an error. */
export function classifyError(error: unknown): ErrorKind {
  if (!(error instanceof Error)) return "unknown";
  for (const [regexp, kind] of KV_ERRORS) {
    if (regexp.test(error.message)) return kind;
  }
  // An invalid key or value, a closed store, or too many other writers.
  const isFinal = error instanceof ContentionError ||
    error instanceof ForeignEntryError || error instanceof TypeError ||
    error.name === "BadResource" ||
    error.name === "Interrupted";
  return isFinal ? "final" : "unknown";
}
