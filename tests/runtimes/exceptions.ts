// Copyright 2026 the Tidings authors. MIT license.

/** Tests that cannot hold in a runtime, for no fault of ours: names and reasons. */

export const NODE_EXCEPTIONS: Record<string, string> = {
  "serveEvents() serves over HTTP/2, and notices that the client has left":
    "node:http takes no HTTP/2; toNodeHandler() has tests of its own",
  "EventSource dispatches MessageEvents as the platform does":
    "the platform has no EventSource",
};

export const BUN_EXCEPTIONS: Record<string, string> = {
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

export const WORKERD_EXCEPTIONS: Record<string, string> = {
  "serveEvents() answers BREW with 405 and the methods":
    "Request refuses an unknown method",
  "connect() throws TypeError if a method is forbidden":
    "Request takes such methods",
};
