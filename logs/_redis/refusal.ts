// Copyright 2026 the Tidings authors. MIT license.

/** The errors with which Redis replies when it has done nothing. */
const REFUSAL_REGEXP =
  /^(?:ERR|WRONGTYPE|OOM|NOAUTH|NOPERM|READONLY|MISCONF|NOREPLICAS|CROSSSLOT|MOVED)\b/;
/** The error with which Redis replies to an ID that is not greater than all before it. */
const TOO_SMALL_REGEXP = /^ERR .* equal or smaller /;

/** Whether an error says that Redis has done nothing, nor will. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSAL_REGEXP.test(error.message);
}

/** Whether an error says that the ID of an entry is not greater than all before it. */
export function isTooSmall(error: unknown): boolean {
  return error instanceof Error && TOO_SMALL_REGEXP.test(error.message);
}

/** Whether an error says that the keys of a command are in several slots of a cluster. */
export function isCrossSlot(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("CROSSSLOT");
}
