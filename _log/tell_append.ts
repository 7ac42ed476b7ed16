// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells of an append that failed, unless the caller is a channel or a run, which tells it
 * itself. All logs call it.
 *
 * @module
 */

import { tellRejection, warn } from "../_warning.ts";

/**
 * Warns of what an append rejects with. Its promise may be left alone.
 *
 * @param id What the append gives.
 * @returns The promise itself.
 */
export function tellAppend(id: Promise<string>): Promise<string> {
  return tellRejection(
    id,
    (error) =>
      warn("TIDINGS_PUBLISH", "An event was not appended to its log", error),
  );
}
