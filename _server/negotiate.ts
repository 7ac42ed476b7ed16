// Copyright 2026 the Tidings authors. MIT license.

/**
 * Decides once about a request for an event stream. `serveEvents`, channels, runs and
 * sockets all call it, before they look at anything else of the request.
 *
 * @module
 */

import { readWeights } from "./accept_weights.ts";
import { chooseCompression } from "./compression.ts";
import { addPreflightHeaders } from "./cors.ts";
import {
  hasPlainHeaders,
  type HeadersOptions,
  makeCommonHeaders,
  makePlainHeaders,
} from "./headers.ts";
import { readLastEventId } from "./last_event_id.ts";
import type { Negotiation } from "./negotiation.ts";
import type { EventResponseOptions } from "./options.ts";
import { answerEmpty, refuse, type RefusedRequest } from "./refuse.ts";
import { getHeader } from "./request_hooks.ts";
import { EVENT_STREAM_TYPE } from "../event.ts";

/**
 * The member of the options that holds what was negotiated before. A run negotiates
 * before it looks into its log, and then hands the request to its channel: negotiated
 * again, `cors.origins` would be called twice, and might say something else.
 */
export const NEGOTIATED: unique symbol = Symbol("negotiated");

/** What a decision depends on, besides the request. */
export interface NegotiateOptions
  extends
    HeadersOptions,
    Pick<EventResponseOptions, "methods" | "lastEventIdParameter"> {
  /** What was negotiated before, if it was. */
  [NEGOTIATED]?: Negotiation | undefined;
  /** Whether no option decides which methods are served. */
  hasFixedMethods?: boolean | undefined;
  /** Whether the client shares the chunks of its stream with no other. */
  isAlone?: boolean | undefined;
}

const DEFAULT_METHODS = ["GET"];

/**
 * What is decided where no option adds a header. In Node, where the head of a stream needs
 * no `Headers`, making them costs as much as all the rest of the decision.
 */
class PlainNegotiation implements Negotiation {
  readonly lastEventId: string | undefined;
  readonly isHead: boolean;
  readonly compression = undefined;
  readonly varies = false;
  readonly isPlain = true;
  #headers: Headers | undefined;

  constructor(lastEventId: string | undefined, isHead: boolean) {
    this.lastEventId = lastEventId;
    this.isHead = isHead;
  }

  get headers(): Headers {
    return this.#headers ??= makePlainHeaders();
  }
}

/**
 * Decides about a request: 204 to OPTIONS (a CORS preflight too), 405 to a method that is
 * not served, 406 to GET and HEAD where `Accept` rules out an event stream, and else what
 * the response with the stream depends on.
 *
 * What only the caller can know, such as 404 or 503, it answers by {@linkcode refuse},
 * also to HEAD. What is left of HEAD it answers by {@linkcode answerHead}, and counts no
 * client for it. All else it answers by a stream with {@linkcode makeStreamHeaders}.
 *
 * @param request The request.
 * @param options What the decision depends on.
 * @param headers The headers that every response carries, if they were made before.
 * @returns The response if no stream is to follow, what was negotiated otherwise.
 * @throws {TypeError} If the request is none, such as one of `node:http`, and as
 * {@linkcode makeCommonHeaders} does.
 * @throws {RangeError} As {@linkcode makeCommonHeaders} does.
 */
export function negotiate(
  request: Request,
  options: NegotiateOptions,
  headers?: Headers,
): Response | Negotiation {
  const {
    [NEGOTIATED]: negotiated,
    methods = DEFAULT_METHODS,
    compression,
    isAlone = false,
  } = options;
  if (negotiated !== undefined) return negotiated;
  const { method } = request;
  if (method === "OPTIONS") return answerOptions(request, options, headers);
  const isPlain = headers === undefined && hasPlainHeaders(options);
  if (!isPlain) headers ??= makeCommonHeaders(request, options);
  const isHead = method === "HEAD";
  if (!methods.includes(method) && !(isHead && methods.includes("GET"))) {
    return refuseMethod(
      { headers: headers ?? makePlainHeaders(), isHead },
      options,
    );
  }
  // Not POST: clients of language models ask for JSON by it, and read the stream that
  // comes.
  const isChoosy = isHead || method === "GET";
  if (isChoosy && !acceptsEventStream(getHeader(request, "accept"))) {
    return refuse(
      { headers: headers ?? makePlainHeaders(), isHead },
      406,
      `Cannot serve events: expected "Accept" to allow ${EVENT_STREAM_TYPE}`,
    );
  }
  const lastEventId = readLastEventId(request, options.lastEventIdParameter);
  if (headers === undefined) return new PlainNegotiation(lastEventId, isHead);
  const acceptEncoding = getHeader(request, "accept-encoding");
  return {
    headers,
    lastEventId,
    compression: compression &&
      chooseCompression(compression, acceptEncoding, isAlone),
    varies: compression !== undefined,
    isPlain: false,
    isHead,
  };
}

/**
 * Answers OPTIONS: 204 with the methods that are served, and what a preflight asks
 * for if the origin may read the responses.
 *
 * @param request The request.
 * @param options What the response depends on.
 * @param headers The headers that every response carries, if they were made before.
 * @returns The response.
 * @throws {TypeError} As {@linkcode makeCommonHeaders} does.
 * @throws {RangeError} As {@linkcode makeCommonHeaders} does.
 */
export function answerOptions(
  request: Request,
  options: NegotiateOptions,
  headers: Headers = makeCommonHeaders(request, options),
): Response {
  headers.set("allow", listAllowed(options).join(", "));
  if (options.cors !== undefined) {
    addPreflightHeaders(headers, request, options.cors);
  }
  return answerEmpty(headers);
}

/**
 * Answers HEAD: with the headers of the stream, and without the stream. The caller has
 * decided by then that GET would get a stream.
 */
export function answerHead(negotiation: Negotiation): Response {
  return new Response(null, { headers: makeStreamHeaders(negotiation) });
}

/** Completes the headers of a negotiation to those of the response with the stream. */
export function makeStreamHeaders(
  { headers, compression, varies }: Negotiation,
): Headers {
  headers.set("content-type", EVENT_STREAM_TYPE);
  // Without it, nginx and the gateways that are built on it hold the response back.
  if (!headers.has("x-accel-buffering")) headers.set("x-accel-buffering", "no");
  if (varies) headers.append("vary", "Accept-Encoding");
  if (compression) headers.set("content-encoding", compression.coding);
  return headers;
}

function refuseMethod(
  request: RefusedRequest,
  options: NegotiateOptions,
): Response {
  const allowed = listAllowed(options);
  request.headers.set("allow", allowed.join(", "));
  const last = allowed.pop();
  const names = allowed.length === 0
    ? last
    : `${allowed.join(", ")} or ${last}`;
  const remedy = options.hasFixedMethods
    ? ""
    : '; the option "methods" of the server allows others';
  const message = `Cannot serve events: expected the method ${names}${remedy}`;
  return refuse(request, 405, message);
}

function listAllowed(
  { methods = DEFAULT_METHODS }: NegotiateOptions,
): string[] {
  const head = methods.includes("GET") ? ["HEAD"] : [];
  return [...new Set([...methods, ...head, "OPTIONS"])];
}

/**
 * Tells whether `Accept` allows an event stream: the most specific range that covers it
 * decides, by a `q` above 0. An absent or empty header rules nothing out, and a `q` that
 * is not a number counts as 1.
 */
function acceptsEventStream(accept: string | null): boolean {
  if (accept === null || accept.trim() === "") return true;
  const weights = readWeights(accept);
  const weight = weights.get(EVENT_STREAM_TYPE) ??
    weights.get("text/*") ?? weights.get("*/*") ?? 0;
  return weight > 0;
}
