// Copyright 2026 the Tidings authors. MIT license.

/**
 * The list of Redis's errors: which are transient, which are final. Every command that
 * this room sends is judged by it.
 *
 * An error that Redis replies with has done nothing: a command is refused before it is
 * begun, and our scripts check before they write. What refuses the command itself is
 * final. What refuses it for a state of the server, which passes, is transient. Anything
 * else, such as a lost connection, leaves open whether the command was done.
 *
 * @module
 */

import type { ErrorKind } from "../_engine/retry.ts";

/** What the prefix of an error says: every one that Redis 6.2 to 8 and Valkey have. */
export const REDIS_ERRORS: ReadonlyMap<string, ErrorKind> = new Map<
  string,
  ErrorKind
>([
  // The command, its keys, or what they hold.
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
  // The connection: who it is, what it may do, which protocol it speaks.
  ["NOAUTH", "final"],
  ["WRONGPASS", "final"],
  ["NOPERM", "final"],
  ["DENIED", "final"],
  ["NOPROTO", "final"],
  // The client does not follow a cluster's redirections; a client that does hides them.
  ["MOVED", "final"],
  // The server starts, or is short of something.
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
  // A slot moves, or nobody has it for a moment.
  ["CLUSTERDOWN", "transient"],
  ["TRYAGAIN", "transient"],
  ["ASK", "transient"],
  // Redis itself does not know.
  ["IOERR", "unknown"],
]);

const PREFIX_REGEXP = /^-?([A-Z]{3,})\b/;
/** Before version 7, an error inside a script stands at the end of another one. */
const IN_SCRIPT_REGEXP = /^ERR Error running script .*: -?([A-Z]{3,}) /s;
/** The one `ERR` that passes: too many connections. */
const FULL_REGEXP = /^ERR max number of clients/;
/** The error with which Redis replies to an ID that is not greater than all before it. */
const TOO_SMALL_REGEXP = /^ERR .* equal or smaller /;

/** Tells what an error says about the command that failed with it. */
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
