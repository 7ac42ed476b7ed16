// Copyright 2026 the Tidings authors. MIT license.

/**
 * Pipelining of HTTP/1: a client may send requests without waiting for their responses,
 * and `node:http` emits them all at once. Here each waits for the response before it. The
 * listener of `toNodeHandler()` begins every exchange by it.
 *
 * @module
 */

import type { Exchange } from "./_exchange.ts";

/**
 * The member of a connection that has what waits behind the response that is being sent;
 * `undefined` if none is. All handlers of a process share it, since several may serve one
 * server. A `WeakMap` of all connections would make each collection of garbage slower.
 */
const WAITING: unique symbol = Symbol("waiting");

/** For all connections on which nothing waits behind the response that is being sent. */
const NOTHING: readonly never[] = [];

/** What is used of a connection where it is a socket of `node:net`. */
interface Connection {
  [WAITING]?: readonly Waiting[] | undefined;
  /** False once nothing more can be sent. */
  readonly writable?: boolean;
  destroy?: () => unknown;
}

/** An exchange that waits for those before it on its connection. */
interface Waiting {
  exchange: Exchange;
  /** Answers the request. */
  begin: () => void;
}

/**
 * How many requests of a connection may wait; each takes some KiB. Clients that pipeline
 * send fewer at a time, and RFC 9112 lets a server close a connection at any time.
 */
const MAX_WAITING = 16;

/**
 * Begins an exchange once those before it on its connection are over. Otherwise each
 * request that is sent behind an open event stream would be a client of its own: one
 * connection could have thousands, which a channel counts and no client reads.
 *
 * A connection on which too many requests wait is closed. What waits when the connection
 * closes never begins.
 *
 * @param exchange The exchange.
 * @param begin Answers it.
 */
export function beginInOrder(exchange: Exchange, begin: () => void): void {
  const { httpVersionMajor, socket } = exchange.incoming;
  // An exchange that is over already would never let the next one begin.
  if (httpVersionMajor >= 2 || exchange.hasLeft) return begin();
  const connection: Connection = socket;
  const waiting = connection[WAITING];
  if (waiting === undefined) {
    connection[WAITING] = NOTHING;
    start({ exchange, begin });
  } else if (waiting.length < MAX_WAITING) {
    connection[WAITING] = [...waiting, { exchange, begin }];
  } else {
    // Further requests of the same chunk come here as well; closing again does nothing.
    connection.destroy?.();
  }
}

function start({ exchange, begin }: Waiting): void {
  exchange.onClose = startNext;
  begin();
}

/** Called when an exchange is over. */
function startNext(exchange: Exchange): void {
  exchange.onClose = undefined;
  const connection: Connection = exchange.incoming.socket;
  const [next, ...rest] = connection.writable === false
    ? NOTHING
    : connection[WAITING] ?? NOTHING;
  connection[WAITING] = next && rest;
  if (next !== undefined) start(next);
}
