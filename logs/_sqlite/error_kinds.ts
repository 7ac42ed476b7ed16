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

/** A transaction of the application is open on the connection. */
export class OpenTransactionError extends Error {
  constructor() {
    super("expected the transaction of the connection to end");
  }
}

/** Tells the kind of an error. */
export function classifyError(error: unknown): ErrorKind {
  const isTransient = error instanceof OpenTransactionError ||
    LOCKED_REGEXP.test(messageOf(error));
  return isTransient ? "transient" : "final";
}
