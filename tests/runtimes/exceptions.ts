// Copyright 2026 the Tidings authors. MIT license.

/** Tests that cannot hold in a runtime, for no fault of ours: names and reasons. */

const OTHER_ERROR =
  "EventTarget throws an error of its own, not an InvalidStateError";

export const NODE_EXCEPTIONS: Record<string, string> = {
  "EventSource listens like an EventTarget: an event that its own listener dispatches again":
    OTHER_ERROR,
  "EventSource listens like an EventTarget: a listener that adds one that only the platform can call":
    "EventTarget calls a listener that was added by another one",
  "serveEvents() serves over HTTP/2, and notices that the client has left":
    "node:http takes no HTTP/2; toNodeHandler() has tests of its own",
  "EventSource dispatches MessageEvents as the platform does":
    "the platform has no EventSource",
};

export const NODE_20_EXCEPTIONS: Record<string, string> = {
  ...NODE_EXCEPTIONS,
  "EventSource listens like an EventTarget: a removal with another capture":
    "EventTarget removes the listener all the same",
  "WebSocket over an event stream dispatches the standard's event classes":
    "the platform has no CloseEvent",
};

export const BUN_EXCEPTIONS: Record<string, string> = {
  "serveSocket() ends each session, and no other, whatever a client sends":
    "fetch counts requests that were aborted as open, and lets 256 be open",
  "EventSource listens like an EventTarget: an event that its own listener dispatches again":
    OTHER_ERROR,
  "serveEvents() serves over HTTP/2, and notices that the client has left":
    "Bun.serve takes no HTTP/2",
  "serveEvents() answers BREW with 405 and the methods":
    "Request turns an unknown method into GET",
  "serveEvents() ends the response of a failing source as one that is complete":
    "Bun.serve gives a short body a length in place of chunks",
  "serveEvents() answers HEAD over a socket, and the connection is free again":
    "Bun.serve writes header names in another case",
  "connect() opens the connection before an event is asked for":
    "Bun.serve sends the headers with the first chunk",
  "EventSource reconnects after a network error, with one event and one request":
    "fetch drops what it has received when the connection breaks",
  "connect() survives headers that no client accepts":
    "fetch takes such headers",
  "connect() throws TypeError if a method is forbidden":
    "Request takes such methods",
  "connect() throws TypeError if GET has a body": "Request takes such a body",
  "toNodeHandler() makes a URL of the target *":
    "node:http answers this with 400 itself",
  "toNodeHandler() answers with 400 to a method that Request refuses":
    "Request takes such methods",
};

const HANDLERS_FIRST =
  "EventTarget calls onmessage and its like itself, before the listeners";
const NO_CAPTURE = "EventTarget refuses capture";

/** The IDs in `tests/support/ids.ts` that UTF-8 of UTF-8 cannot be. */
const WIDE_IDS = Object.fromEntries(
  ["connect()", "EventSource", "SharedEventSource"].flatMap((client) =>
    ["other characters", "a byte order mark", "U+FFFD"].map((id) => [
      `${client} deals once with a server's ID with ${id}`,
      "fetch encodes the code units of a header's value as UTF-8 once more",
    ])
  ),
);

export const WORKERD_EXCEPTIONS: Record<string, string> = {
  "EventRuns produces 10 000 runs at a time, and no more":
    "workerd has 10 000 timers",
  "EventSource onopen keeps its position when it is replaced, not when it was null":
    HANDLERS_FIRST,
  "EventSource onmessage keeps its position when it is replaced, not when it was null":
    HANDLERS_FIRST,
  "EventSource onerror keeps its position when it is replaced, not when it was null":
    HANDLERS_FIRST,
  "EventSource onopen is called on the target with the event": HANDLERS_FIRST,
  "EventSource onmessage is called on the target with the event":
    HANDLERS_FIRST,
  "EventSource onerror is called on the target with the event": HANDLERS_FIRST,
  "EventSource listens like an EventTarget: the same listener twice":
    NO_CAPTURE,
  "EventSource listens like an EventTarget: a removal with another capture":
    NO_CAPTURE,
  "EventSource listens like an EventTarget: capture comes first": NO_CAPTURE,
  "EventSource listens like an EventTarget: a listener that throws":
    "dispatchEvent() throws what a listener throws",
  "EventSource dispatches MessageEvents as the platform does":
    "currentTarget is undefined after a dispatch",
  "connect() keeps the process alive while it waits": "there is no process",
  "connect() keeps credentials from the target of a cross-origin redirect":
    "fetch takes a header Cookie along",
  "serveEvents() answers BREW with 405 and the methods":
    "Request refuses an unknown method",
  "connect() throws TypeError if a method is forbidden":
    "Request takes such methods",
  "connect() sends the credentials of a URL, or fails for good where fetch refuses them":
    "fetch drops them without a word",
  "EventSource lets nothing go uncaught, whatever a server sends":
    "a body that is cancelled under a read is reported, though each promise has its catch",
};

export const CHROMIUM_EXCEPTIONS: Record<string, string> = {
  'EventSource throws a SyntaxError DOMException for the URL ""':
    "there is a location to resolve it against",
  'EventSource throws a SyntaxError DOMException for the URL "/events"':
    "there is a location to resolve it against",
  "connect() throws a SyntaxError DOMException if the URL does not parse":
    "there is a location to resolve it against",
  'EventSource throws a SyntaxError DOMException for the URL "http://this is invalid/"':
    "URL takes it",
  "EventSource resolves a relative URL against the document's base":
    "document cannot be replaced; the tests in the browser resolve URLs",
  "EventSource resolves a relative URL against location":
    "location cannot be replaced; the tests in the browser resolve URLs",
  "connect() resolves a relative URL against location":
    "location cannot be replaced; the tests in the browser resolve URLs",
  "connect() holds back a server that sends without end":
    "the buffers of the browser and of the tunnel take 64 MiB before",
  "connect() calls the functions for headers and body at each attempt":
    "fetch sends no stream over HTTP/1.1",
  "connect() calls fetch as a plain function, with what every runtime knows":
    "fetch has a cache, which is told to store nothing",
};

const NO_CORS =
  "the server that the tests have refuses it, in a way that no page may read";

export const FIREFOX_EXCEPTIONS: Record<string, string> = {
  ...CHROMIUM_EXCEPTIONS,
  ...Object.fromEntries(
    ["U+0001", "U+001F", "U+007F"].map((id) => [
      `connect() deals once with a server's ID with ${id}`,
      NO_CORS,
    ]),
  ),
  "connect() opens the connection before an event is asked for":
    "fetch gives a response with its first byte",
  "readEvents() of a body that was fetched can be left while it waits, and the body is unlocked":
    "fetch keeps a connection that is silent, whatever cancel() says",
  "warn() shows the stack of an error and those of its causes":
    "the lines of a stack begin without a space",
};

export const WEBKIT_EXCEPTIONS: Record<string, string> = {
  ...CHROMIUM_EXCEPTIONS,
  ...WIDE_IDS,
  'connect() fails on 401 with "text/plain"':
    "the browser asks its user for a password",
  "warn() shows the stack of an error and those of its causes":
    "the lines of a stack begin without a space",
  ...Object.fromEntries(
    ["readEvents()", "connect()"].flatMap((reader) =>
      ["a byte stream", "a byte stream that makes buffers"].map((stream) => [
        `${reader} reads ${stream} of a program to its end`,
        "a program cannot make a byte stream",
      ])
    ),
  ),
};
