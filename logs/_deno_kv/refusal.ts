// Copyright 2026 the Tidings authors. MIT license.

import { ContentionError } from "./history.ts";

/** With what Deno KV fails where another process has the file at that moment. */
const LOCKED_REGEXP = /\bdatabase (?:table )?is locked\b/;

/** Whether an error of the store says that it has not written, nor would another time. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || LOCKED_REGEXP.test(error.message)) {
    return false;
  }
  return error instanceof ContentionError || error instanceof TypeError ||
    error.name === "BadResource";
}
