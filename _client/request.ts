// Copyright 2026 the Tidings authors. MIT license.

import { type EventSourceInit, getMethod } from "./connection_options.ts";
import { EVENT_STREAM_TYPE } from "../event.ts";
import {
  type DisconnectReason,
  EventSourceError,
} from "./event_source_error.ts";

// Fetch allows any byte but NUL, CR and LF; the HTTP stacks of Deno, Node and
// others refuse these, each time anew.
// deno-lint-ignore no-control-regex -- they are what is looked for.
const CONTROL_REGEXP = /[\x00-\x08\x0a-\x1f\x7f]/;

// What fetch can fetch: anything else fails each time anew.
const SCHEME_REGEXP = /^(https?|data|blob|file):/;

// How Deno, Node.js, Bun and browsers say that they refuse a URL, or one that it
// redirects to, or the network: no later attempt fares better. Each has a space,
// which no URL within such a text has. A browser tells only of the credentials.
const REFUSAL_REGEXP =
  /from a URL|Invalid URL|Redirect URL|URL scheme|bad port|cross origin|not redirect|Protocol fetching|Requests to port|Requires \w+ access|Access to this/;

// Fetch sends a stream once, and fails afterwards as if there were no network.
const SENT_STREAMS = new WeakSet<ReadableStream>();

/**
 * Sends the request for an event stream.
 *
 * @throws {EventSourceError} With the reason `"local-error"` if a function of the
 * options throws, `"invalid-request"` if the request can never be sent, and
 * `"network-error"` if it cannot be sent now.
 */
export async function requestEventStream(
  url: string,
  options: EventSourceInit,
  lastEventId: string,
  signal: AbortSignal,
): Promise<Response> {
  if (CONTROL_REGEXP.test(lastEventId)) {
    throw requestError(
      "invalid-request",
      `the last event ID is ${
        JSON.stringify(lastEventId.slice(0, 40))
      }, no control character is allowed in a header`,
    );
  }
  let init: RequestInit;
  try {
    init = await makeInit(options, lastEventId, signal);
  } catch (cause) {
    throw requestError(
      "local-error",
      "a function of the options threw, see the cause",
      cause,
    );
  }
  // Detached from the options: a browser's fetch refuses another `this`.
  const fetch = options.fetch ?? globalThis.fetch;
  try {
    signal.throwIfAborted();
    return await fetch(url, init);
  } catch (cause) {
    // Of a network error, some runtimes put the reason into the cause.
    const text = `${String(cause)} ${String(Object(cause).cause)}`;
    if (SCHEME_REGEXP.test(url) && !REFUSAL_REGEXP.test(text)) {
      throw new EventSourceError(
        "network-error",
        "Cannot reach event stream: the request failed, see the cause",
        { cause },
      );
    }
    throw requestError(
      "invalid-request",
      `fetch refuses ${
        JSON.stringify(url.slice(0, 40))
      } for good, another URL or a permission is wanted`,
      cause,
    );
  }
}

function requestError(
  reason: DisconnectReason,
  state: string,
  cause?: unknown,
): EventSourceError {
  return new EventSourceError(reason, `Cannot request event stream: ${state}`, {
    cause,
  });
}

async function makeInit(
  options: EventSourceInit,
  lastEventId: string,
  signal: AbortSignal,
): Promise<RequestInit> {
  const init: RequestInit & { duplex?: "half" } = {
    method: getMethod(options),
    headers: await makeHeaders(options, lastEventId),
    signal,
  };
  signal.throwIfAborted();
  const { body } = options;
  if (body !== undefined) {
    init.body = typeof body === "function" ? await body() : body;
    if (init.body instanceof ReadableStream) {
      if (SENT_STREAMS.has(init.body)) {
        throw new TypeError(
          "Cannot send body: the stream was sent already, a function that makes one is wanted",
        );
      }
      SENT_STREAMS.add(init.body);
      // Fetch demands it for streams.
      init.duplex = "half";
      // Fetch would do so, but is not called any more.
      if (signal.aborted) init.body.cancel().catch(() => {});
    }
  }
  // Not every runtime accepts these two, so they are left out where they would
  // say nothing.
  if (options.withCredentials) init.credentials = "include";
  if (isBrowser()) init.cache = "no-store";
  return init;
}

async function makeHeaders(
  { headers: init }: EventSourceInit,
  lastEventId: string,
): Promise<Headers> {
  const headers = new Headers(typeof init === "function" ? await init() : init);
  if (!headers.has("Accept")) headers.set("Accept", EVENT_STREAM_TYPE);
  if (!isBrowser()) {
    // Fetch: what the cache mode "no-store" adds. In a browser it does so by
    // itself; from us these would ask for a preflight.
    if (!headers.has("Pragma")) headers.set("Pragma", "no-cache");
    if (!headers.has("Cache-Control")) headers.set("Cache-Control", "no-cache");
  }
  // Spec: "If the EventSource object's last event ID string is not the empty
  // string", then set Last-Event-ID to it, "encoded as UTF-8".
  if (lastEventId !== "") {
    headers.set("Last-Event-ID", toByteString(lastEventId));
  }
  return headers;
}

/** Writes text as UTF-8 into a string of one character for each byte. */
function toByteString(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) {
    bytes += String.fromCharCode(byte);
  }
  return bytes;
}

/** Whether `fetch` is a browser's: with a cache, CORS, and headers of its own. */
function isBrowser(): boolean {
  // Where there is CORS, scripts may not set "Host", and it is dropped silently.
  return !new Request("http://localhost", { headers: { Host: "a" } })
    .headers.has("Host");
}
