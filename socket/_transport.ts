// Copyright 2026 the Tidings authors. MIT license.

/**
 * What carries the messages of a socket, as the socket sees it, and how it ends.
 *
 * @module
 */

import { byteLengthOf, type SocketData } from "./_wire_format.ts";

/** Why a socket is being closed, as one side says it. */
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

/** How a socket ends whose connection is lost. */
export const ABNORMAL_CLOSURE: CloseFacts = {
  code: 1006,
  reason: "",
  wasClean: false,
};

/** What carries the messages of one socket. */
export interface Transport {
  /** Bytes of messages that have not left yet. */
  readonly bufferedAmount: number;
  /** Takes a message; called while the socket is open only. */
  send(data: SocketData): void;
  /** Begins the closing handshake; called once. Before the socket is open it fails. */
  close(reason: CloseReason): void;
  /** Ends the socket without one. */
  fail(): void;
}

/** What a transport tells its socket. */
export interface SocketEvents {
  /** The socket is open. */
  open(protocol: string, extensions?: string): void;
  /** A message has come. */
  message(data: SocketData): void;
  /** The closing handshake has begun; messages may still come. */
  closing(): void;
  /** The socket is closed; what is told after that is ignored. */
  close(facts: CloseFacts): void;
}

// RFC 6455: the reason shares 125 bytes with the code.
const MAX_REASON = 123;
const ENCODER = new TextEncoder();

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
      `Cannot close socket: the code is ${code}, 1000 or an integer from 3000 to 4999 is wanted`,
      "InvalidAccessError",
    );
  }
  const text = `${reason}`.toWellFormed();
  const byteLength = byteLengthOf(text);
  if (byteLength > MAX_REASON) {
    throw new DOMException(
      `Cannot close socket: the reason has ${byteLength} bytes, at most ${MAX_REASON} are wanted`,
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

/** Whether a peer may close a socket so. */
export function isCloseReason(value: unknown): value is CloseReason {
  const { code, reason } = Object(value);
  if (typeof reason !== "string" || !reason.isWellFormed()) return false;
  if (byteLengthOf(reason) > MAX_REASON) return false;
  // It says that there is no code, and a reason comes after a code only.
  if (code === 1005) return reason === "";
  // 1004 is reserved, 1006 is never sent.
  return isInRange(code, 1000, 1003) || isInRange(code, 1007, 1014) ||
    isInRange(code, 3000, 4999);
}

function isInRange(code: number, least: number, most: number): boolean {
  return Number.isInteger(code) && code >= least && code <= most;
}
