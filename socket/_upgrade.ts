// Copyright 2026 the Tidings authors. MIT license.

/**
 * Answers a request with `Upgrade: websocket`, where the runtime is Deno. `serveSocket()`
 * calls it.
 *
 * @module
 */

import type { StreamTally } from "../_server/stream_counters.ts";
import { CountedTransport, countEvents } from "./_counted_transport.ts";
import { HttpError } from "./_http_error.ts";
import { setTransport, type WebSocketLike } from "./_web_socket_like.ts";
import {
  type WebSocketLimits,
  WebSocketTransport,
} from "./_web_socket_transport.ts";

/** What this file needs of Deno. */
interface Upgrader {
  upgradeWebSocket?: (
    request: Request,
    options: { protocol?: string },
  ) => { socket: WebSocket; response: Response };
}

/** A request that was upgraded. */
export interface UpgradedSocket {
  transport: WebSocketTransport;
  response: Response;
}

/**
 * Makes a WebSocket of the runtime the transport of a socket.
 *
 * @param socket The socket.
 * @param request The request that opens it.
 * @param protocol The subprotocol that was chosen, or an empty string.
 * @param limits The limits of the socket.
 * @param tally Where the socket is counted.
 * @param onEnd Called when the WebSocket is over.
 * @returns The transport, and the response to the request.
 * @throws {HttpError} If the runtime cannot upgrade requests, or the handshake is
 * malformed.
 */
export function upgradeSocket(
  socket: WebSocketLike,
  request: Request,
  protocol: string,
  limits: WebSocketLimits,
  tally: StreamTally,
  onEnd: () => void,
): UpgradedSocket {
  const upgraded = upgrade(request, protocol);
  // Cannot be read too early: setTransport() calls back before it returns.
  let transport!: WebSocketTransport;
  setTransport(socket, (events) => {
    transport = new WebSocketTransport(
      upgraded.socket,
      countEvents(events, tally),
      limits,
      onEnd,
    );
    return new CountedTransport(transport, tally);
  });
  return { transport, response: upgraded.response };
}

function upgrade(
  request: Request,
  protocol: string,
): { socket: WebSocket; response: Response } {
  const { upgradeWebSocket } = (globalThis as { Deno?: Upgrader }).Deno ?? {};
  if (upgradeWebSocket === undefined) {
    throw new HttpError(
      501,
      "Cannot open WebSocket: the runtime cannot upgrade requests, expected an event stream socket",
    );
  }
  try {
    return upgradeWebSocket(request, protocol === "" ? {} : { protocol });
  } catch {
    throw new HttpError(
      400,
      "Cannot open WebSocket: the handshake is malformed",
    );
  }
}
