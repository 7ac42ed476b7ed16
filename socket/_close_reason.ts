// Copyright 2026 the Tidings authors. MIT license.

/**
 * The codes and reasons with which a socket closes, and their checks. The client's
 * socket, the server's and the protocol use them.
 *
 * @module
 */

import { describeMismatch } from "../_validate.ts";
import { byteLengthOf } from "./_wire_format.ts";
import { ENCODER } from "../_platform_class.ts";

/** Why a socket is being closed, as one side tells the other. */
export interface CloseReason {
  /** The code, 1005 if none was given. */
  code: number;
  reason: string;
}

/** What a `CloseEvent` says. */
export interface CloseFacts extends CloseReason {
  /** Whether both sides agreed on the end. */
  wasClean: boolean;
}

/** The end of a socket whose connection is lost. RFC 6455 calls it abnormal closure. */
export const ABNORMAL_CLOSURE: CloseFacts = {
  code: 1006,
  reason: "",
  wasClean: false,
};

/** The code of a close for a server that cannot go on. */
export const INTERNAL_ERROR = 1011;

/** The end of a socket that a newer one with its key replaces (`onLimit`). */
export const REPLACED: CloseReason = {
  // RFC 6455: the endpoint has a policy that the socket does not meet.
  code: 1008,
  reason: "Cannot keep socket: a newer socket with the same key has opened",
};

// RFC 6455: the reason shares 125 bytes with the code.
const MAX_REASON = 123;

/**
 * Checks the arguments of `close()`.
 *
 * @throws {DOMException} Named `"InvalidAccessError"` or `"SyntaxError"`.
 */
export function toCloseReason(
  code: number | undefined,
  reason = "",
): CloseReason {
  if (code !== undefined && code !== 1000 && !isInRange(code, 3000, 4999)) {
    throw new DOMException(
      describeMismatch(
        "close socket",
        "code",
        "1000 or an integer from 3000 to 4999",
        code,
      ),
      "InvalidAccessError",
    );
  }
  const text = `${reason}`.toWellFormed();
  const byteLength = byteLengthOf(text);
  if (byteLength > MAX_REASON) {
    throw new DOMException(
      `Cannot close socket: expected a reason of at most ${MAX_REASON} bytes, got ${byteLength} bytes`,
      "SyntaxError",
    );
  }
  return { code: code ?? (text === "" ? 1005 : 1000), reason: text };
}

/** Cuts a reason to the length that it may have, between two characters. */
export function cutReason(text: string): string {
  const wellFormed = text.toWellFormed();
  const bytes = new Uint8Array(MAX_REASON);
  return wellFormed.slice(0, ENCODER.encodeInto(wellFormed, bytes).read);
}

/** Whether a value from the other side is a reason that it may close a socket with. */
export function isCloseReason(value: unknown): value is CloseReason {
  const { code, reason } = Object(value);
  if (typeof reason !== "string" || !reason.isWellFormed()) return false;
  if (byteLengthOf(reason) > MAX_REASON) return false;
  // 1005 means that there is no code, and a reason comes only after a code.
  if (code === 1005) return reason === "";
  // 1004 is reserved, 1006 is never sent.
  return isInRange(code, 1000, 1003) || isInRange(code, 1007, 1014) ||
    isInRange(code, 3000, 4999);
}

function isInRange(code: number, min: number, max: number): boolean {
  return Number.isInteger(code) && code >= min && code <= max;
}
