// Copyright 2026 the Tidings authors. MIT license.

/**
 * The request for an event stream: its method, headers and body, and what each way to
 * fail means. `connection.ts` has it sent.
 *
 * @module
 */

import { describeMismatch, quote } from "../_validate.ts";
import {
  type EventSourceInit,
  getMethod,
  isStream,
} from "./connection_options.ts";
import { EVENT_STREAM_TYPE } from "../event.ts";
import { localError } from "./as_event_source_error.ts";
import { EventSourceError } from "./event_source_error.ts";
import { IS_WORKERD } from "../_is_workerd.ts";
import { isMistake, says } from "./mistake.ts";
import type { RequestUrl } from "./request_url.ts";

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

// The last event IDs that are sent wrong as they are. Measured: workerd and WebKitGTK encode the
// value of a header as UTF-8, but WebKitGTK takes no characters beyond Latin-1.
const IS_WEBKITGTK = /Linux((?!Chrome).)*Safari/.test(
  globalThis.navigator?.userAgent,
);
const ENCODED_REGEXP = IS_WEBKITGTK ? /[^\0-\xff]/ : /[^\0-\x7f]/;

// The streams that were sent. Fetch sends a stream once, and the second time fails as it
// does without a network, so that the connection would be retried for ever.
const SENT_STREAMS = new WeakSet<ReadableStream>();

/**
 * Sends the request for an event stream.
 *
 * @param requestUrl Makes the URL.
 * @param options How to send it.
 * @param lastEventId The last event ID, empty for none, `undefined` for that of the
 * headers in the options.
 * @param signal Ends it.
 * @throws {EventSourceError} With the reason `"local-error"` if a function of the
 * options throws, `"invalid-request"` if the request can never be sent, and
 * `"network-error"` if it cannot be sent now.
 */
export async function requestEventStream(
  requestUrl: RequestUrl,
  options: EventSourceInit,
  lastEventId: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const isControl = options.lastEventIdParameter === undefined &&
    CONTROL_REGEXP.test(lastEventId ?? "");
  let url = "";
  let init: RequestInit = {};
  let response: Promise<Response> | undefined;
  try {
    if (isControl && !isBrowser()) throw undefined;
    [url, init] = await makeRequest(requestUrl, options, lastEventId, signal);
    // Called as a plain function: a browser's fetch throws if `this` is the options.
    const { fetch = globalThis.fetch } = options;
    response = fetch(url, init);
    return await response;
  } catch (cause) {
    const verb = "request event stream";
    const expected = "text without a control character";
    const refusal = isControl
      ? describeMismatch(verb, "lastEventId", expected, lastEventId)
      : describeRefusal(url, init, cause);
    if (refusal !== undefined) {
      throw new EventSourceError("invalid-request", refusal, { cause });
    }
    // The platform's fetch returns a promise whatever happens.
    if (!response || isMistake(cause)) throw localError(cause);
    // In a browser, the last event ID makes another origin be asked by OPTIONS first.
    const hint = isBrowser() &&
        (init.headers as Headers).has("Last-Event-ID") &&
        new URL(url).origin !== globalThis.location?.origin
      ? '; "lastEventIdParameter" needs no preflight'
      : "";
    throw new EventSourceError(
      "network-error",
      `Cannot reach event stream: the request failed, see the cause${hint}`,
      { cause },
    );
  }
}

/** Asks the functions of the options, but none after the signal has aborted. */
async function makeRequest(
  requestUrl: RequestUrl,
  options: EventSourceInit,
  lastEventId: string | undefined,
  signal: AbortSignal,
): Promise<[url: string, init: RequestInit]> {
  const ask = <Value>(
    option: Value | (() => Value | Promise<Value>),
  ): Value | Promise<Value> => {
    // React Native's signals have no throwIfAborted().
    if (signal.aborted) throw signal.reason;
    return typeof option === "function" ? (option as () => Value)() : option;
  };
  const url = new URL(await ask(() => requestUrl.next()));
  // After a redirect to another origin, none of the user's headers go there.
  const isOwn = url.origin === new URL(requestUrl.given).origin;
  const headers = new Headers(isOwn ? await ask(options.headers) : undefined);
  addHeaders(headers, lastEventId, url, options.lastEventIdParameter);
  const init: RequestInit & { duplex?: "half" } = {
    method: getMethod(options),
    headers,
    signal,
  };
  const body = await ask(options.body);
  if (body !== undefined) init.body = body;
  if (isStream(body)) {
    if (SENT_STREAMS.has(body) || body.locked) {
      throw new TypeError(
        "Cannot send body: expected a function, got a stream that was sent",
      );
    }
    SENT_STREAMS.add(body);
    // Fetch demands it for streams.
    init.duplex = "half";
    // Fetch cancels the body when the signal aborts, but it will not be called. A stream of
    // Node has no cancel().
    if (signal.aborted) body.cancel?.().catch(() => {});
  }
  // Not every runtime accepts these two: they are left out where the default will do.
  if (options.withCredentials) init.credentials = "include";
  if (isBrowser()) init.cache = "no-store";
  if (signal.aborted) throw signal.reason;
  return [url.href, init];
}

/**
 * Adds the headers that the options do not have, and the last event ID to them, or to the
 * query if a parameter is named.
 */
function addHeaders(
  headers: Headers,
  lastEventId: string | undefined,
  { searchParams }: URL,
  parameter: string | undefined,
): void {
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
  // The headers in the options may have one.
  if (lastEventId === undefined) return;
  headers.delete("Last-Event-ID");
  if (parameter !== undefined) {
    if (lastEventId) searchParams.set(parameter, lastEventId);
    else searchParams.delete(parameter);
  } else if (lastEventId) {
    headers.set("Last-Event-ID", encodeId(lastEventId));
  }
}

/** Encodes an ID as UTF-8, with one character for each byte, unless it is sent right as it is. */
function encodeId(id: string): string {
  // React Native has no TextEncoder.
  if (IS_WORKERD || !ENCODED_REGEXP.test(id)) return id;
  let text = "";
  for (const byte of new TextEncoder().encode(id)) {
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * Describes why each attempt would fail as this one did.
 *
 * @returns `undefined` if it would not, or if there was no request.
 */
function describeRefusal(
  url: string,
  init: RequestInit,
  cause: unknown,
): string | undefined {
  if (!url) return undefined;
  try {
    // Throws what fetch refuses before it looks at the network: credentials in the URL,
    // where the runtime has it so, or an AbortSignal that is another library's.
    new Request(url, { ...init, body: null });
    if (HTTP_REGEXP.test(url) && !says(REFUSAL_REGEXP, cause)) return undefined;
  } catch {
    // It is refused.
  }
  const shown = url.replace(/^(\w+:\/\/)[^/?#]*@/, "$1");
  return `Cannot request event stream: fetch refuses ${
    quote(shown)
  }, expected another URL or a permission`;
}

/** Whether `fetch` is a browser's: with a cache, CORS and headers that only it sets. */
function isBrowser(): boolean {
  // Where there is CORS, scripts may not set "Host": it is dropped silently.
  return !new Request("http://localhost", { headers: { Host: "a" } })
    .headers.has("Host");
}
