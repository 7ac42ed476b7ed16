// Copyright 2026 the Tidings authors. MIT license.

/**
 * Which errors of PostgreSQL are transient, and which are final: what it refuses, it has not done.
 *
 * @module
 */

import { EventLogClaimError } from "../../_log/event_logs.ts";
import { messageOf } from "../../_warning.ts";
import type { ErrorKind } from "../_engine/retry.ts";
import { SetupError } from "../_engine/schema_error.ts";

/**
 * PostgreSQL starts or ends, is read-only for a moment, has no connection, memory or disk left,
 * or a transaction was in the way. After `42P01` and `42883`, the next attempt makes the tables.
 */
const TRANSIENT_REGEXP =
  /^(?:40001|40P01|53...|55006|55P03|57014|57P0[35]|25006|25P04|08001|08004|42P01|42883|ECONNREFUSED|CONNECT_TIMEOUT|ENOTFOUND|EAI_AGAIN)$/;
/** The connection was lost, or PostgreSQL ended, before there was an answer. */
const UNKNOWN_REGEXP = /^(?:08...|40003|57P0.|58...|XX...)$/;
/** PostgreSQL refuses, or the client does. `EPIPE` is no SQLSTATE. */
const FINAL_REGEXP =
  /^(?:(?!E)[0-9A-Z]{5}|CONNECTION_ENDED|\w*CERT_\w+|\w+_CERT|UNABLE_TO_VERIFY_\w+)$/;
/** What clients tell without a code: they were closed, have no password, or get no TLS. */
const CLIENT_REGEXP =
  /\bafter calling end on the pool\b|^PGlite is clos|^SASL: |^The server does not support SSL/m;

/** Tells the kind of an error. */
export function classifyError(error: unknown): ErrorKind {
  if (error instanceof SetupError || error instanceof EventLogClaimError) {
    return "final";
  }
  const { code, text } = readError(error);
  if (TRANSIENT_REGEXP.test(code)) return "transient";
  if (UNKNOWN_REGEXP.test(code)) return "unknown";
  const isFinal = FINAL_REGEXP.test(code) || CLIENT_REGEXP.test(text);
  return isFinal ? "final" : "unknown";
}

/** Whether a write was refused because an earlier attempt of it was done. */
export function isWrittenAlready(error: unknown): boolean {
  const { code, text } = readError(error);
  return code === "23505" && /_write\b/.test(text);
}

/** Whether a table, or a function, is not there. */
export function isTableMissing(error: unknown): boolean {
  return /^(?:42P01|42883)$/.test(readError(error).code);
}

/** The SQLSTATE. Bun tells it as `errno`; an error that wraps it, as of Drizzle, in `cause`. */
function readError(error: unknown): { code: string; text: string } {
  const { code, errno, cause } = Object(error);
  const isText = (code: unknown): code is string => typeof code === "string";
  const text = `${messageOf(error)}\n${messageOf(cause)}`;
  return { code: [errno, code, Object(cause).code].find(isText) ?? "", text };
}
