// Copyright 2026 the Tidings authors. MIT license.

/**
 * The list of Redis's errors: which are transient, which are final. Every command that
 * logs send is classified by it.
 *
 * If Redis replies with an error, it has done nothing: it refuses a command before it
 * starts it, and our scripts check before they write. An error about the command itself is
 * final. An error about the state of the server is transient. All others, such as a lost
 * connection, leave unknown whether the command was done.
 *
 * @module
 */

import type { ErrorKind } from "../_engine/retry.ts";

/** The kinds of errors by their prefix: all that Redis 6.2 to 8 and Valkey have. */
const REDIS_ERRORS: ReadonlyMap<string, ErrorKind> = new Map<
  string,
  ErrorKind
>([
  // The command, its keys, or their values.
  ["ERR", "final"],
  ["WRONGTYPE", "final"],
  ["CROSSSLOT", "final"],
  ["BUSYGROUP", "final"],
  ["BUSYKEY", "final"],
  ["NOGROUP", "final"],
  ["INVALIDOBJ", "final"],
  ["NOSCRIPT", "final"],
  ["NOTBUSY", "final"],
  ["EXECABORT", "final"],
  // The connection: its user, its permissions, its protocol.
  ["NOAUTH", "final"],
  ["WRONGPASS", "final"],
  ["NOPERM", "final"],
  ["DENIED", "final"],
  ["NOPROTO", "final"],
  // The client does not follow a cluster's redirections; one that does hides the error.
  ["MOVED", "final"],
  // The server starts, or is overloaded.
  ["LOADING", "transient"],
  ["OOM", "transient"],
  ["MISCONF", "transient"],
  ["BUSY", "transient"],
  ["UNKILLABLE", "transient"],
  // The server is about to be a master, or was one a moment ago.
  ["READONLY", "transient"],
  ["MASTERDOWN", "transient"],
  ["NOREPLICAS", "transient"],
  ["NOMASTERLINK", "transient"],
  ["UNBLOCKED", "transient"],
  ["REDIRECT", "transient"],
  ["INPROG", "transient"],
  ["NOGOODSLAVE", "transient"],
  ["NOQUORUM", "transient"],
  // A slot moves, or has no server for a moment.
  ["CLUSTERDOWN", "transient"],
  ["TRYAGAIN", "transient"],
  ["ASK", "transient"],
  // Redis itself does not know the outcome.
  ["IOERR", "unknown"],
]);

const PREFIX_REGEXP = /^-?([A-Z]{3,})\b/;
/** Before version 7, an error inside a script is at the end of another one. */
const IN_SCRIPT_REGEXP = /^ERR Error running script .*: -?([A-Z]{3,}) /s;
/** The one `ERR` that is transient: too many connections. */
const FULL_REGEXP = /^ERR max number of clients/;
/** The error with which Redis replies to an ID that is not greater than all before it. */
const TOO_SMALL_REGEXP = /^ERR .* equal or smaller /;

/** Tells the kind of an error. */
export function classifyError(error: unknown): ErrorKind {
  const message = messageOf(error);
  if (FULL_REGEXP.test(message)) return "transient";
  const [, inner] = IN_SCRIPT_REGEXP.exec(message) ?? [];
  const [, outer] = PREFIX_REGEXP.exec(message) ?? [];
  return REDIS_ERRORS.get(inner ?? "") ?? REDIS_ERRORS.get(outer ?? "") ??
    "unknown";
}

/** Whether an error says that the ID of an entry is not greater than all before it. */
export function isTooSmall(error: unknown): boolean {
  return TOO_SMALL_REGEXP.test(messageOf(error));
}

/** Whether an error says that the keys of a command are in several slots of a cluster. */
export function isCrossSlot(error: unknown): boolean {
  return messageOf(error).startsWith("CROSSSLOT");
}

/** Whether an error says that a key holds something else than a stream. */
export function isWrongType(error: unknown): boolean {
  return /\bWRONGTYPE\b/.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}
