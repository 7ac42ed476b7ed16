// Copyright 2026 the Tidings authors. MIT license.

/**
 * One request at a time for each connection of HTTP/1, however many a client sends
 * without waiting for their responses. `node:http` hands them all out at once.
 */

import type { Exchange } from "./_exchange.ts";

/** What is used of a connection where it is a socket of `node:net`. */
interface Connection {
  /** False once nothing more can be sent. */
  readonly writable?: boolean;
  destroy?: () => unknown;
}

/** An exchange that waits for its turn, and what begins it. */
interface Waiting {
  exchange: Exchange;
  begin: () => void;
}

/**
 * The most requests of a connection that wait, each for some KiB. Clients that pipeline
 * send fewer at a time; RFC 9112 lets the server close the connection at any time.
 */
const MAX_WAITING = 16;

/**
 * The connections on which a response is under way, with what waits behind it. It is for
 * all handlers of a process, since several may share a server.
 */
const BUSY = new WeakMap<object, Waiting[]>();

/**
 * Begins an exchange once those before it on its connection are over. Otherwise each
 * request that is sent behind an open event stream would be a client of its own: one
 * connection could have thousands, each counted by a channel, and none of them read.
 *
 * A connection with too many requests in waiting is closed. What waits when the
 * connection closes never begins.
 *
 * @param exchange The exchange.
 * @param begin Answers it.
 */
export function beginInOrder(exchange: Exchange, begin: () => void): void {
  const { httpVersionMajor, socket } = exchange.incoming;
  if (httpVersionMajor >= 2) return begin();
  const waiting = BUSY.get(socket);
  if (waiting === undefined) {
    BUSY.set(socket, []);
    start({ exchange, begin }, socket);
  } else if (waiting.length < MAX_WAITING) {
    waiting.push({ exchange, begin });
  } else {
    // What else has arrived in the same chunk comes here as well, to no effect.
    (socket as Connection).destroy?.();
  }
}

function start({ exchange, begin }: Waiting, socket: object): void {
  exchange.onClose = () => {
    exchange.onClose = undefined;
    startNext(socket);
  };
  begin();
}

function startNext(socket: object): void {
  const { writable } = socket as Connection;
  const next = writable === false ? undefined : BUSY.get(socket)?.shift();
  if (next === undefined) BUSY.delete(socket);
  else start(next, socket);
}
