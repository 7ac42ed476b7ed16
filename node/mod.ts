// Copyright 2026 the Tidings authors. MIT license.

/**
 * A fetch handler, `Request` → `Response`, for the servers of `node:http`,
 * `node:https` and `node:http2`.
 *
 * ```ts ignore -- it serves for ever
 * import { createServer } from "node:http";
 * import { toNodeHandler } from "@tidings/sse/node";
 * import { serveEvents } from "@tidings/sse/server";
 *
 * createServer(toNodeHandler((request) =>
 *   serveEvents(request, [{ data: "first" }, { data: "second" }])
 * )).listen(8000, "127.0.0.1");
 * ```
 *
 * Deno, Bun and Cloudflare Workers serve such a handler themselves and need none
 * of this.
 *
 * @module
 */

import { tellError } from "../_warning.ts";
import { type ErrorHandler, Exchange } from "./_exchange.ts";
import {
  assertNodeObjects,
  assertResponse,
  checkArguments,
} from "./_listener_checks.ts";
import type { NodeRequest, NodeResponse } from "./_node_types.ts";
import type { ToNodeHandlerOptions } from "./_options.ts";
import { beginInOrder } from "./_pipelining.ts";
import { toRequest } from "./_to_request.ts";
import { sendResponse } from "./_send_response.ts";
import { ResponseSink } from "./_response_sink.ts";

export type { NodeRequest, NodeResponse } from "./_node_types.ts";
export type { ToNodeHandlerOptions } from "./_options.ts";

/** Answers a request, as the handlers of `Deno.serve` and others do. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/**
 * Makes a request listener for `createServer` of `node:http`, `node:https` and
 * `node:http2` out of a fetch handler.
 *
 * The body of the response is read at the pace at which the client takes it, and
 * the body of the request at the pace at which the handler reads it. When the
 * client leaves early, `request.signal` is aborted and the body of the response is
 * cancelled. What the handler has not read of the request when its response ends
 * is dropped.
 *
 * Where other code has read the body of the request before, such as `express.json()`, what
 * it has left is read in its place: the bytes or the text in `incoming.rawBody` or
 * `incoming.body`, or an object in `incoming.body`, written as the JSON or the form that
 * the `content-type` names. `content-length` and `content-encoding` of the request are those
 * of what is read. If nothing is left, if something else could have been sent to leave the
 * same object, or if the body was read in part, reading it throws a `TypeError` at once,
 * and `onError` is told, whatever the handler does. A handler that does not read the body
 * is not disturbed.
 *
 * A body that `serveEvents` or a channel has made is written to the socket without a
 * stream in between, also in another response: `new Response(response.body, …)`. If it is
 * cloned, piped or read first, it is sent like any other body.
 *
 * No response ends the process. Headers that HTTP/2 forbids or that frame a body, and a
 * status text that HTTP cannot carry, are left out. For a status, header or length that
 * cannot be sent the client gets 500, and `onError` the reason. A body that is shorter or
 * longer than its `content-length` is cut off: remove `content-length` and
 * `content-encoding` from a response that `fetch` has decompressed.
 *
 * The requests of a connection of HTTP/1 are answered one after the other. At most 16
 * requests wait behind an open response; on more, the connection is closed.
 *
 * `request.url` is made of the `Host` header, which the client chooses, and of
 * `incoming.originalUrl` where there is one: behind a mount path, Express, Connect and Polka
 * cut the path off `incoming.url`. A request of which no `Request` can be made gets status
 * 400.
 *
 * The response is written by the methods of `outgoing`, also where a middleware has replaced
 * them. Only where `outgoing.write()` is Node's own and would send the same bytes, over
 * HTTP/1.1, the chunks of an event stream are framed here and written to `outgoing.socket`.
 * Where a middleware that compresses has added a `flush()`, as `compression` of
 * Express does, it is called after the head and after each chunk, so that no event waits.
 *
 * Headers that a middleware has set on the response are sent too. Of a header that the
 * handler's response also has, only the response's is sent, except for `Set-Cookie`, `Vary`,
 * `Link`, `Server-Timing` and `Access-Control-Expose-Headers`: there, both are.
 *
 * @example Serve an event stream with `node:http`
 * ```ts
 * import { createServer } from "node:http";
 * import { once } from "node:events";
 * import { toNodeHandler } from "@tidings/sse/node";
 * import { serveEvents } from "@tidings/sse/server";
 * import { assertEquals } from "@std/assert";
 *
 * const server = createServer(
 *   toNodeHandler((request) => serveEvents(request, [{ data: "hello" }])),
 * );
 * server.listen(0, "127.0.0.1");
 * await once(server, "listening");
 * const { port } = server.address() as { port: number };
 *
 * const response = await fetch(`http://127.0.0.1:${port}/`);
 * assertEquals(await response.text(), "data: hello\n\n");
 *
 * server.close();
 * await once(server, "close");
 * ```
 *
 * @param handler Answers each request.
 * @param options What to do with errors.
 * @returns The listener for the server's requests. It throws a `TypeError` if it is called
 * with other objects than those of `node:http` and `node:http2`.
 * @throws {TypeError} If the handler is no function, or an option is unknown or of the wrong
 * type.
 */
export function toNodeHandler(
  handler: FetchHandler,
  options: ToNodeHandlerOptions = {},
): (incoming: NodeRequest, outgoing: NodeResponse) => void {
  const { onError: givenOnError } = checkArguments(handler, options);
  const onError: ErrorHandler = (error, request) =>
    tellError(
      givenOnError,
      "TIDINGS_HANDLER",
      "A handler or its response fails",
      error,
      request,
    );
  return (incoming, outgoing) => {
    assertNodeObjects(incoming, outgoing);
    const exchange = new Exchange(incoming, outgoing, onError);
    beginInOrder(exchange, () => answer(exchange, handler));
  };
}

/** Answers a request. Never rejects: what the handler throws is reported. */
async function answer(
  exchange: Exchange,
  handler: FetchHandler,
): Promise<void> {
  let request: Request;
  try {
    request = exchange.request = toRequest(exchange);
  } catch {
    exchange.refuse(400);
    return;
  }
  try {
    const answer: unknown = handler(request);
    // Responses that the handler has made are read soon, or it takes its time.
    if (!(answer instanceof Response)) exchange.noteAnswer();
    const response = await answer;
    assertResponse(response);
    const sent = sendResponse(response, exchange);
    if (!(sent instanceof Promise)) {
      ResponseSink.connect(sent, exchange);
    } else {
      exchange.noteAnswer();
      await sent;
      exchange.end();
    }
  } catch (error) {
    exchange.fail(error);
  } finally {
    exchange.noteAnswer();
  }
}
