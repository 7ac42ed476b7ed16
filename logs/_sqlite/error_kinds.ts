// Copyright 2026 the Tidings authors. MIT license.

/**
 * The list of SQLite's errors: which are transient. A statement that fails has done
 * nothing, so none is unknown.
 *
 * @module
 */

import { messageOf } from "../../_warning.ts";
import type { ErrorKind } from "../_engine/retry.ts";

/** Another connection writes, reads or changes the tables. The texts are SQLite's. */
const LOCKED_REGEXP =
  /\bdatabase (?:table |schema )?is locked\b|\block(?:ing|ed) protocol\b|\bSQLITE_(?:BUSY|LOCKED|PROTOCOL)/;

/** Tells the kind of an error. */
export function classifyError(error: unknown): ErrorKind {
  return LOCKED_REGEXP.test(messageOf(error)) ? "transient" : "final";
}
