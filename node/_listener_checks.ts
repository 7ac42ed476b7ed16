// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks what `toNodeHandler()` is handed, what its listener is called with, and what a
 * handler returns: otherwise a mistake fails with an error that names none of them.
 *
 * @module
 */

import { type OptionKinds, readOptions } from "../_options.ts";
import { describeMismatch, quote } from "../_validate.ts";
import type { ToNodeHandlerOptions } from "./_options.ts";

const VERB = "make node handler";
const OPTIONS: OptionKinds<ToNodeHandlerOptions> = { onError: "a function" };

/**
 * Checks the arguments of `toNodeHandler()`.
 *
 * @param handler The handler.
 * @param options The options.
 * @returns The options.
 * @throws {TypeError} If the handler is no function, or an option is unknown or of the
 * wrong type.
 */
export function checkArguments(
  handler: unknown,
  options: ToNodeHandlerOptions,
): ToNodeHandlerOptions {
  if (typeof handler !== "function") {
    const expected = "a function that answers a Request with a Response";
    const hint = typeof Object(handler).fetch === "function"
      ? ' with a method "fetch"; pass that method'
      : "";
    throw new TypeError(
      describeMismatch(VERB, "handler", expected, handler) + hint,
    );
  }
  return readOptions(VERB, options, OPTIONS);
}

/**
 * Checks what a listener is called with. Koa and Fastify have Node's objects in objects of
 * their own, and a server for fetch handlers has none.
 *
 * @param incoming The request.
 * @param outgoing The response.
 * @throws {TypeError} If they are not those of `node:http` or `node:http2`.
 */
export function assertNodeObjects(incoming: unknown, outgoing: unknown): void {
  if (
    typeof Object(incoming).on === "function" &&
    typeof Object(outgoing).writeHead === "function"
  ) return;
  throw new TypeError(
    `Cannot answer request: expected the request and the response of node:http or node:http2, got ${
      quote(incoming)
    } and ${
      quote(outgoing)
    }; Koa has them in ctx.req and ctx.res, Fastify in request.raw and reply.raw`,
  );
}

/**
 * Checks what a handler returns. A `Response` of another realm or library passes, as long
 * as its body is a `ReadableStream`.
 *
 * @param response What it has returned.
 * @throws {TypeError} If it is something else.
 */
export function assertResponse(
  response: unknown,
): asserts response is Response {
  // Also what only passes for one, and makes its body once that is read.
  if (response instanceof Response) return;
  const { status, headers, body } = Object(response);
  const hasHead = typeof status === "number" &&
    typeof Object(headers).get === "function" &&
    typeof headers[Symbol.iterator] === "function";
  if (
    hasHead && (body === null || typeof Object(body).getReader === "function")
  ) {
    return;
  }
  const got = hasHead
    ? `an object whose "body" is ${quote(body)} and no ReadableStream`
    : quote(response);
  throw new TypeError(
    `Cannot send response: expected the handler to return a Response, got ${got}`,
  );
}
