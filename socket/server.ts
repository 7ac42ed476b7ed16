// Copyright 2026 the Tidings authors. MIT license.

/**
 * The server's half of a socket over an event stream and POSTs, and of a WebSocket with
 * the same interface.
 *
 * ```ts ignore -- it serves for ever
 * import { serveSocket } from "@tidings/sse/socket-server";
 *
 * // Anyone may open a socket: remove the hostname once requests are authenticated.
 * Deno.serve({ hostname: "127.0.0.1" }, (request) =>
 *   serveSocket(request, (socket) => {
 *     socket.onmessage = (event) => socket.send(`You said ${event.data}`);
 *   })
 * );
 * ```
 *
 * A session lives in the process that opened it, and all of its requests have to reach
 * that process. A load balancer in front of several processes has to send each request
 * with a header `Socket-Session` to the process whose response had the same header, or
 * it can route by a cookie or by the client's address. `deno serve --parallel` does
 * neither. A request that reaches another process gets status 404, and its socket fails.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import { makeCommonHeaders } from "../_server/headers.ts";
import {
  answerHead,
  makeStreamHeaders,
  negotiate,
} from "../_server/negotiate.ts";
import type { Negotiation } from "../_server/negotiation.ts";
import { answerEmpty, refuse } from "../_server/refuse.ts";
import { assertRequest } from "../_server/request_check.ts";
import { describeMismatch, quote } from "../_validate.ts";
import { warn } from "../_warning.ts";
import { INTERNAL_ERROR } from "./_close_reason.ts";
import { HttpError } from "./_http_error.ts";
import { findForeignOrigin } from "./_own_origin.ts";
import { PostBody } from "./_post_body.ts";
import {
  checkOptions,
  readSocketOptions,
  type ServeSocketSettings,
} from "./_server_option_checks.ts";
import type { ServeSocketOptions } from "./_server_options.ts";
import { SocketSession } from "./_server_session.ts";
import { CountedTransport, countEvents } from "./_counted_transport.ts";
import { REGISTRY, TALLY } from "./_session_registry.ts";
import { upgradeSocket } from "./_upgrade.ts";
import { setTransport, WebSocketLike } from "./_web_socket_like.ts";
import type { WebSocketTransport } from "./_web_socket_transport.ts";
import {
  NEW_SESSION,
  PROTOCOLS_HEADER,
  SESSION_HEADER,
} from "./_wire_format.ts";

export type { CorsOptions } from "../_server/cors.ts";
export type { EventHandler } from "../_client/event_handler.ts";
export type { StreamCounters } from "../_server/stream_counters.ts";
export { socketCounters } from "./_socket_counters.ts";
export type { WebSocketLike } from "./_web_socket_like.ts";
export type { ServeSocketOptions } from "./_server_options.ts";

const VERB = "serve socket";
const METHODS = ["GET", "POST"];
const ID_REGEXP = /^\d{1,15}$/;

/**
 * Answers the requests of a socket: the one that opens it, its POSTs, those that
 * resume its stream, preflights, and `Upgrade: websocket`, if the runtime is Deno.
 *
 * Each new socket is handed to `onSocket` while it is connecting: add the listeners
 * there, and send after the event `open`. A WebSocket and a socket over an event stream
 * have the same interface; `binaryType` is `"arraybuffer"`.
 *
 * Any other request is refused: 400 without the header of a socket, 403 for another
 * origin, 404 for a session that is over or lives in another process, 405, 406, 408
 * for a body that takes longer than `sessionTimeout`, 413, 429, 501, 503. The body
 * says why in a sentence of English. A session has one POST at a time: a newer POST ends
 * the one before, which gets status 429.
 *
 * Mount it before body parsers. A POST whose body other code has read closes the socket with
 * 1011 and a reason; the server gets the error as a warning, or by `onError` of
 * `toNodeHandler()`.
 *
 * @example Echo
 * ```ts
 * import { serveSocket } from "@tidings/sse/socket-server";
 * import { EventStreamSocket } from "@tidings/sse/socket";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = Deno.serve(
 *   { hostname: "127.0.0.1", port: 0, onListen() {} },
 *   (request) => serveSocket(request, (socket) => {
 *     socket.onmessage = (event) => socket.send(event.data);
 *   }));
 *
 * // Over an event stream, and over a WebSocket.
 * for (const Class of [EventStreamSocket, WebSocket]) {
 *   const socket = new Class(`http://localhost:${server.addr.port}/`);
 *   socket.onopen = () => socket.send("hello");
 *   const data = await new Promise((resolve) => {
 *     socket.onmessage = (event) => resolve(event.data);
 *   });
 *   assertEquals(data, "hello");
 *
 *   socket.close();
 *   await new Promise((resolve) => socket.onclose = resolve);
 * }
 * ```
 *
 * @param request The request to answer.
 * @param onSocket Called with each new socket, and with the request that opens it. If it is
 * an async function that fails, the socket is closed with 1011, and the error becomes a
 * warning of the process.
 * @param options How to serve it. For a socket, the options of the request that opens it
 * hold, also those that limit its later POSTs.
 * @returns The response; a promise of one for a POST.
 * @throws {TypeError} If the request, `onSocket` or an option is of the wrong type, an option
 * unknown, or a header or an origin invalid.
 * @throws {RangeError} If an option is a number outside its range.
 */
export function serveSocket(
  request: Request,
  onSocket: (socket: WebSocketLike, request: Request) => void,
  options: ServeSocketOptions = {},
): Response | Promise<Response> {
  assertRequest(VERB, request);
  if (typeof onSocket !== "function") {
    throw new TypeError(
      describeMismatch(VERB, "onSocket", "a function", onSocket),
    );
  }
  const given = readSocketOptions(options);
  const settings = checkOptions(given);
  const headers = makeCommonHeaders(request, given);
  try {
    assertOrigin(request, headers, given);
    if (request.headers.get("upgrade")?.toLowerCase() === "websocket") {
      return upgrade(request, onSocket, given, settings);
    }
    const id = request.headers.get(SESSION_HEADER);
    if (request.method === "POST") {
      return receive(request, findSession(id), headers);
    }
    const negotiation = negotiate(
      request,
      { ...given, methods: METHODS, hasFixedMethods: true },
      headers,
    );
    if (negotiation instanceof Response) {
      TALLY.countRefusal(negotiation);
      return negotiation;
    }
    if (negotiation.isHead) {
      assertAdmitted(request, id, given, settings);
      return answerHead(negotiation);
    }
    if (id === NEW_SESSION) {
      return open(request, negotiation, onSocket, given, settings);
    }
    return resume(request, negotiation, findSession(id));
  } catch (error) {
    return answerRefusal(error, request, headers);
  }
}

function assertOrigin(
  request: Request,
  headers: Headers,
  options: ServeSocketOptions,
): void {
  if (headers.has("access-control-allow-origin")) return;
  const origin = findForeignOrigin(request, options);
  if (origin === undefined) return;
  // Without the host that was expected: it may be a name behind the proxy, which is nobody
  // else's business.
  throw new HttpError(
    403,
    `Cannot open socket: another origin, expected that of "Host" or of "origins", got ${
      quote(origin)
    }`,
  );
}

function findSession(id: string | null): SocketSession {
  if (id === null) {
    throw new HttpError(
      400,
      `Cannot open socket: expected the header "${SESSION_HEADER}" of a client for event stream sockets`,
    );
  }
  const session = REGISTRY.find(id);
  if (session !== undefined) return session;
  throw new HttpError(
    404,
    "Cannot find socket: it is closed or in another process, expected a load balancer to send all requests of a session to the same process",
  );
}

/** Throws what a GET would throw, and opens nothing. */
function assertAdmitted(
  request: Request,
  id: string | null,
  options: ServeSocketOptions,
  settings: ServeSocketSettings,
): void {
  if (id === NEW_SESSION) admit(options, settings, () => {})();
  else findSession(id).assertResumable(readEventId(request));
}

function open(
  request: Request,
  negotiation: Negotiation,
  onSocket: (socket: WebSocketLike, request: Request) => void,
  options: ServeSocketOptions,
  settings: ServeSocketSettings,
): Response {
  const protocol = choose(options, request.headers.get(PROTOCOLS_HEADER));
  // Cannot be read too early: setTransport() calls back before it returns.
  let session!: SocketSession;
  const release = admit(options, settings, () => session.replace());
  const socket = createSocket(request);
  setTransport(socket, (events) => {
    const counted = countEvents(events, TALLY);
    session = new SocketSession(protocol, settings, counted, () => {
      REGISTRY.remove(session);
      release();
    });
    return new CountedTransport(session, TALLY);
  });
  REGISTRY.add(session);
  try {
    callHandler(onSocket, socket, request, session);
    // onSocket may have aborted the signal: the server shuts down.
    assertRunning(options);
  } catch (error) {
    session.fail();
    throw error;
  }
  REGISTRY.settle(options.key, settings);
  const headers = makeStreamHeaders(negotiation);
  // For the load balancer. The client reads the ID in the stream: a page of another
  // origin could not read the header.
  headers.set(SESSION_HEADER, session.id);
  return new Response(session.openStream(0), { headers });
}

function resume(
  request: Request,
  negotiation: Negotiation,
  session: SocketSession,
): Response {
  const stream = session.openStream(readEventId(request));
  return new Response(stream, { headers: makeStreamHeaders(negotiation) });
}

async function receive(
  request: Request,
  session: SocketSession,
  headers: Headers,
): Promise<Response> {
  try {
    await session.receive(readEventId(request), new PostBody(request));
    return answerEmpty(headers);
  } catch (error) {
    return answerRefusal(error, request, headers);
  }
}

/** Reads the ID of the last event that the client has: `NaN` if it is not a number. */
function readEventId(request: Request): number {
  const header = request.headers.get("last-event-id") ?? "0";
  return ID_REGEXP.test(header) ? Number(header) : NaN;
}

function upgrade(
  request: Request,
  onSocket: (socket: WebSocketLike, request: Request) => void,
  options: ServeSocketOptions,
  settings: ServeSocketSettings,
): Response {
  const protocol = choose(
    options,
    request.headers.get("sec-websocket-protocol"),
  );
  let transport: WebSocketTransport | undefined;
  let stopListening = (): void => {};
  const release = admit(options, settings, () => transport?.replace());
  try {
    const socket = createSocket(request);
    const { transport: opened, response } = upgradeSocket(
      socket,
      request,
      protocol,
      settings,
      TALLY,
      () => {
        stopListening();
        release();
      },
    );
    transport = opened;
    callHandler(onSocket, socket, request, opened);
    const shutDown = () => opened.end({ code: 1001, reason: "" });
    if (settings.signal?.aborted) shutDown();
    stopListening = listenForAbort(settings.signal, shutDown);
    REGISTRY.settle(options.key, settings);
    return response;
  } catch (error) {
    transport?.abandon();
    release();
    throw error;
  }
}

/** Calls onSocket. An async function that fails later must not end the process. */
function callHandler(
  onSocket: (socket: WebSocketLike, request: Request) => unknown,
  socket: WebSocketLike,
  request: Request,
  transport: SocketSession | WebSocketTransport,
): void {
  const result = onSocket(socket, request);
  if (Object(result) !== result) return;
  Promise.resolve(result).catch((error) => {
    warn("TIDINGS_HANDLER", '"onSocket" of a socket has failed', error);
    transport.end({ code: INTERNAL_ERROR, reason: "" });
  });
}

/** Counts a socket, as {@linkcode SessionRegistry.admit}. */
function admit(
  options: ServeSocketOptions,
  settings: ServeSocketSettings,
  end: () => void,
): () => void {
  assertRunning(options);
  return REGISTRY.admit(options.key, settings, end);
}

function assertRunning({ signal }: ServeSocketOptions): void {
  if (!signal?.aborted) return;
  throw new HttpError(
    503,
    "Cannot open socket: the server shuts down",
  );
}

function createSocket({ url }: Request): WebSocketLike {
  const socket = new WebSocketLike(new URL(url.replace(/^http/, "ws")));
  socket.binaryType = "arraybuffer";
  return socket;
}

/** Chooses a subprotocol of those that the client offers in a header. */
function choose(
  { protocols = [] }: ServeSocketOptions,
  offered: string | null,
): string {
  const names = offered?.split(",").map((name) => name.trim()) ?? [];
  return protocols.find((name) => names.includes(name)) ?? "";
}

function answerRefusal(
  error: unknown,
  { method }: Request,
  headers: Headers,
): Response {
  if (!(error instanceof HttpError)) throw error;
  const isHead = method === "HEAD";
  TALLY.countRefusal(error);
  return refuse({ headers, isHead }, error.status, error.message);
}
