// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a socket needs of the transport that carries its messages, and what a transport
 * tells its socket.
 *
 * @module
 */

import type { CloseFacts, CloseReason } from "./_close_reason.ts";
import type { SocketData } from "./_wire_format.ts";

/** Carries the messages of one socket. */
export interface Transport {
  /** Bytes of messages that have not left yet. */
  readonly bufferedAmount: number;
  /** Sends a message; called only while the socket is open. */
  send(data: SocketData): void;
  /** Begins the closing handshake; called once. Before the socket is open, it fails it. */
  close(reason: CloseReason): void;
  /** Ends the socket without a handshake. */
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
  /** The socket is closed; the socket ignores every later call. */
  close(facts: CloseFacts): void;
}
