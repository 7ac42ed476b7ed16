// Copyright 2026 the Tidings authors. MIT license.

/**
 * What can be said of a request for an event stream before there is a stream:
 * the answers that need none, the headers of the one that does, and the last
 * event ID that the client brought.
 *
 * @module
 */

import type { EventCompression } from "./compression.ts";
import {
  addCorsHeaders,
  addPreflightHeaders,
  type CorsOptions,
} from "./cors.ts";
import { readWeights } from "./accept_weights.ts";
import { getHeader } from "./request_hooks.ts";
import { EVENT_STREAM_TYPE } from "../event.ts";

/** What the answers depend on, besides the request. */
export interface AnswerOptions {
  /** The methods that get a stream, `["GET"]` if left out. */
  methods?: readonly string[] | undefined;
  /** The user's own headers, on every answer. */
  headers?: HeadersInit | undefined;
  /** No other origin may read the answers if left out. */
  cors?: CorsOptions | undefined;
  /** How streams are compressed for clients that ask for it. */
  compression?: EventCompression | undefined;
}

const DEFAULT_METHODS = ["GET"];

// The first five belong to one connection of HTTP/1.1 and are forbidden in HTTP/2;
// a stream has no length; and its type is not a matter of choice.
const REFUSED_HEADERS = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
  "content-length",
  "content-type",
];
const REFUSED_IF_CODED = [...REFUSED_HEADERS, "content-encoding"];

/**
 * Answers a request that gets no stream: 204 to OPTIONS (a CORS preflight too), 405
 * to a method that is not served, 406 to GET where `Accept` rules out an event stream, and
 * the stream's headers alone to HEAD.
 *
 * @param request The request.
 * @param options What the answer depends on.
 * @returns The answer, `undefined` if a stream is to follow.
 * @throws {TypeError} As {@linkcode commonHeaders} does.
 * @throws {RangeError} As {@linkcode commonHeaders} does.
 */
export function answerWithoutStream(
  request: Request,
  options: AnswerOptions,
): Response | undefined {
  const methods = options.methods ?? DEFAULT_METHODS;
  const { method } = request;
  if (method === "OPTIONS") return answerOptions(request, options);
  const isHead = method === "HEAD" && methods.includes("GET");
  if (!isHead && !methods.includes(method)) {
    const headers = commonHeaders(request, options);
    headers.set("allow", listAllowed(methods));
    return new Response(null, { status: 405, headers });
  }
  // Clients of language models ask for JSON by POST, and read the stream that comes.
  const isChoosy = isHead || method === "GET";
  if (isChoosy && !acceptsEventStream(getHeader(request, "accept"))) {
    const headers = commonHeaders(request, options);
    return new Response(null, { status: 406, headers });
  }
  if (!isHead) return undefined;
  return new Response(null, { headers: streamHeaders(request, options) });
}

/**
 * Answers OPTIONS: 204 with the methods that are served, and what a preflight asks
 * for if the origin may read the answers.
 *
 * @param request The request.
 * @param options What the answer depends on.
 * @returns The answer.
 * @throws {TypeError} As {@linkcode commonHeaders} does.
 * @throws {RangeError} As {@linkcode commonHeaders} does.
 */
export function answerOptions(
  request: Request,
  options: AnswerOptions,
): Response {
  const headers = commonHeaders(request, options);
  headers.set("allow", listAllowed(options.methods ?? DEFAULT_METHODS));
  if (options.cors !== undefined) {
    addPreflightHeaders(headers, request, options.cors);
  }
  return new Response(null, { status: 204, headers });
}

/**
 * Makes the headers of the response that carries the stream.
 *
 * @param request The request.
 * @param options What they depend on.
 * @returns New headers: the user's own, those of CORS, and ours.
 * @throws {TypeError} As {@linkcode commonHeaders} does.
 * @throws {RangeError} As {@linkcode commonHeaders} does.
 */
export function streamHeaders(
  request: Request,
  options: AnswerOptions,
): Headers {
  const headers = commonHeaders(request, options);
  headers.set("content-type", EVENT_STREAM_TYPE);
  // nginx and those that follow it hold a response back without this.
  if (!headers.has("x-accel-buffering")) headers.set("x-accel-buffering", "no");
  if (options.compression !== undefined) {
    headers.append("vary", "Accept-Encoding");
    const compression = chooseCompression(request, options.compression);
    if (compression) headers.set("content-encoding", compression.coding);
  }
  return headers;
}

/** How this client gets the stream, `undefined` if it gets it as it is. */
export function chooseCompression(
  request: Request,
  compression: EventCompression | undefined,
): EventCompression | undefined {
  const acceptEncoding = getHeader(request, "accept-encoding");
  return compression?.accepts(acceptEncoding) ? compression : undefined;
}

/**
 * Makes the headers that every answer carries: the user's own, `cache-control:
 * no-store` if the user says nothing else (405 and 204 may be cached too), and
 * those of CORS.
 *
 * @param request The request.
 * @param options What they depend on.
 * @returns New headers.
 * @throws {TypeError} If a header of the user is one that the stream or the
 * connection decides, if an origin is not written as one, or if credentials are
 * allowed to every origin.
 * @throws {RangeError} If `cors.maxAge` is not an integer of at least 0.
 */
export function commonHeaders(
  request: Request,
  options: AnswerOptions,
): Headers {
  const headers = new Headers(options.headers);
  const isCoded = options.compression !== undefined;
  for (const name of isCoded ? REFUSED_IF_CODED : REFUSED_HEADERS) {
    if (headers.has(name)) {
      throw new TypeError(
        `Cannot serve events: "headers" has ${
          JSON.stringify(name)
        }, which is not the application's to set`,
      );
    }
  }
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  if (options.cors !== undefined) {
    addCorsHeaders(headers, request, options.cors);
  }
  return headers;
}

/**
 * Reads the last event ID that the client brought. An empty one counts as none:
 * it is how the specification says that there is no ID.
 *
 * @param request The request.
 * @param parameter The name of the query parameter to read where the header is
 * absent, for clients that cannot set headers.
 * @returns The ID, `undefined` if the client brought none.
 */
export function readLastEventId(
  request: Request,
  parameter?: string,
): string | undefined {
  const header = getHeader(request, "last-event-id");
  if (header) {
    // Spec: "(`Last-Event-ID`, lastEventIDValue)" with the value "encoded as
    // UTF-8"; `Headers` shows its bytes as characters, one for one.
    const bytes = Uint8Array.from(header, (byte) => byte.charCodeAt(0));
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }
  if (parameter === undefined) return undefined;
  return new URL(request.url).searchParams.get(parameter) || undefined;
}

function listAllowed(methods: readonly string[]): string {
  const head = methods.includes("GET") ? ["HEAD"] : [];
  return [...new Set([...methods, ...head, "OPTIONS"])].join(", ");
}

/**
 * Whether `Accept` leaves room for an event stream: the most specific range that
 * covers it decides, by a `q` above 0. An absent or empty header rules nothing
 * out, and a `q` that is not a number counts as 1.
 */
function acceptsEventStream(accept: string | null): boolean {
  if (accept === null || accept.trim() === "") return true;
  const weights = readWeights(accept);
  const weight = weights.get(EVENT_STREAM_TYPE) ??
    weights.get("text/*") ?? weights.get("*/*") ?? 0;
  return weight > 0;
}
