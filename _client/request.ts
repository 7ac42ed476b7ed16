// Copyright 2026 the Tidings authors. MIT license.

/**
 * The request for an event stream: its method, headers and body, and what each way to
 * fail means. `connection_attempt.ts` sends it.
 *
 * @module
 */

import { describeMismatch, quote } from "../_validate.ts";
import { type EventSourceInit, getMethod } from "./connection_options.ts";
import { EVENT_STREAM_TYPE } from "../event.ts";
import { localError } from "./as_event_source_error.ts";
import { EventSourceError } from "./event_source_error.ts";

// Fetch refuses NUL, CR and LF in a header, and the HTTP stacks of Deno, Node and others
// these as well, so that each attempt would fail. Chromium sends them.
// deno-lint-ignore no-control-regex -- the pattern looks for them
const CONTROL_REGEXP = /[\x00-\x08\x0a-\x1f\x7f]/;

// A failure of any other scheme lasts: what it fetches is not on a network.
const HTTP_REGEXP = /^https?:/;

// How Deno, Node.js, Bun and browsers say that they refuse the target of a redirect, a
// port, or the network: each attempt would fail. No check of ours can tell these. Each
// pattern has a space, so that it cannot match the URL within such a text.
const REFUSAL_REGEXP =
  /Invalid URL|Redirect URL|URL scheme|bad port|cross origin|not redirect|Protocol fetching|Requests to port|Requires \w+ access|Access to this/;

// The errors of a mistake in a program. A network never throws them, and a TypeError may
// be either: fetch throws it for each failure.
const MISTAKE_REGEXP = /^(Reference|Range|Syntax)Error$/;

// The streams that were sent. Fetch sends a stream once, and the second time fails as it
// does without a network, so that the connection would be retried for ever.
const SENT_STREAMS = new WeakSet<ReadableStream>();

/**
 * Sends the request for an event stream.
 *
 * @param makeUrl Makes the URL.
 * @param options How to send it.
 * @param lastEventId The last event ID, empty for none, `undefined` for that of the
 * headers in the options.
 * @param signal Ends it.
 * @throws {EventSourceError} With the reason `"local-error"` if a function of the
 * options throws, `"invalid-request"` if the request can never be sent, and
 * `"network-error"` if it cannot be sent now.
 */
export async function requestEventStream(
  makeUrl: () => Promise<string>,
  options: EventSourceInit,
  lastEventId: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const { lastEventIdParameter: parameter } = options;
  const isInHeader = parameter === undefined;
  const id = isInHeader ? lastEventId : lastEventId && "";
  const isControl = CONTROL_REGEXP.test(id ?? "");
  try {
    if (isControl && !isBrowser()) throw undefined;
    let url: string;
    let init: RequestInit;
    try {
      url = await makeUrl();
      signal.throwIfAborted();
      init = await makeInit(options, id, signal);
      if (!isInHeader && lastEventId !== undefined) {
        const parsed = new URL(url);
        if (lastEventId) parsed.searchParams.set(parameter, lastEventId);
        else parsed.searchParams.delete(parameter);
        url = parsed.href;
      }
      signal.throwIfAborted();
    } catch (cause) {
      throw localError(cause);
    }
    return await send(url, init, options);
  } catch (cause) {
    if (!isControl) throw cause;
    const verb = "request event stream";
    const expected = "text without a control character";
    const message = describeMismatch(verb, "lastEventId", expected, id);
    throw new EventSourceError("invalid-request", message, { cause });
  }
}

async function send(
  url: string,
  init: RequestInit,
  options: EventSourceInit,
): Promise<Response> {
  // Called as a plain function: a browser's fetch throws if `this` is the options.
  const fetch = options.fetch ?? globalThis.fetch;
  let promise: Promise<Response> | undefined;
  try {
    promise = fetch(url, init);
    return await promise;
  } catch (cause) {
    if (isRefused(url, init, cause)) {
      const shown = url.replace(/^(\w+:\/\/)[^/?#]*@/, "$1");
      throw new EventSourceError(
        "invalid-request",
        `Cannot request event stream: fetch refuses ${
          quote(shown)
        }, expected another URL or a permission`,
        { cause },
      );
    }
    // The platform's fetch returns a promise whatever happens.
    if (
      promise === undefined || MISTAKE_REGEXP.test(Object(cause).name)
    ) {
      throw localError(cause);
    }
    const hint = needsPreflight(url, init)
      ? '; "lastEventIdParameter" needs no preflight'
      : "";
    throw new EventSourceError(
      "network-error",
      `Cannot reach event stream: the request failed, see the cause${hint}`,
      { cause },
    );
  }
}

/** Whether the last event ID makes a browser ask another origin by OPTIONS first. */
function needsPreflight(url: string, { headers }: RequestInit): boolean {
  return isBrowser() && (headers as Headers).has("Last-Event-ID") &&
    new URL(url).origin !== globalThis.location?.origin;
}

/** Whether each attempt would fail as this one did. */
function isRefused(url: string, init: RequestInit, cause: unknown): boolean {
  try {
    // Throws what fetch refuses before it looks at the network: credentials in the URL,
    // where the runtime has it so, or an AbortSignal that is another library's.
    new Request(url, { ...init, body: null });
  } catch {
    return true;
  }
  // Some runtimes put the reason of a network error into its cause.
  const text = `${String(cause)} ${String(Object(cause).cause)}`;
  return !HTTP_REGEXP.test(url) || REFUSAL_REGEXP.test(text);
}

async function makeInit(
  options: EventSourceInit,
  lastEventId: string | undefined,
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
          "Cannot send body: expected a function, got a stream that was sent",
        );
      }
      SENT_STREAMS.add(init.body);
      // Fetch demands it for streams.
      init.duplex = "half";
      // Fetch cancels the body when the signal aborts, but it will not be called.
      if (signal.aborted) init.body.cancel().catch(() => {});
    }
  }
  // Not every runtime accepts these two: they are left out where the default will do.
  if (options.withCredentials) init.credentials = "include";
  if (isBrowser()) init.cache = "no-store";
  return init;
}

async function makeHeaders(
  { headers: init }: EventSourceInit,
  lastEventId: string | undefined,
): Promise<Headers> {
  const headers = new Headers(typeof init === "function" ? await init() : init);
  const add = (name: string, value: string): void => {
    if (!headers.has(name)) headers.set(name, value);
  };
  add("Accept", EVENT_STREAM_TYPE);
  if (!isBrowser()) {
    // Fetch: the cache mode "no-store" adds these. A browser does so itself; if we set
    // them there, a request to another origin would need a preflight.
    add("Pragma", "no-cache");
    add("Cache-Control", "no-cache");
  }
  // Spec: "If the EventSource object's last event ID string is not the empty
  // string", then set Last-Event-ID to it, "encoded as UTF-8".
  if (lastEventId !== undefined) headers.delete("Last-Event-ID");
  if (lastEventId) {
    const bytes = new TextEncoder().encode(lastEventId);
    // One character for each byte.
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte));
    headers.set("Last-Event-ID", text.join(""));
  }
  return headers;
}

/** Whether `fetch` is a browser's: with a cache, CORS and headers that only it sets. */
function isBrowser(): boolean {
  // Where there is CORS, scripts may not set "Host": it is dropped silently.
  return !new Request("http://localhost", { headers: { Host: "a" } })
    .headers.has("Host");
}
