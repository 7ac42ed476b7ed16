// Copyright 2026 the Tidings authors. MIT license.

import {
  type CorsOptions,
  serveEvents,
  type ServeEventsOptions,
  stopReconnecting,
  type StopReconnectingOptions,
} from "../../server.ts";
import { COMPRESSION, testOptions } from "../support/options_suite.ts";

const request = () => new Request("http://localhost/");

const CORS = { origins: ["https://app.example"], credentials: true, maxAge: 5 };
const WRONG_CORS = { origins: 5, credentials: "yes", maxAge: "5" };

testOptions<ServeEventsOptions>({
  name: "serveEvents()",
  call: (options) => serveEvents(request(), [], options).body?.cancel(),
  right: {
    keepAlive: 1000,
    retry: 5,
    methods: ["GET"],
    headers: { "x-own": "1" },
    cors: CORS,
    signal: new AbortController().signal,
    maxDuration: 1000,
    startTimeout: 1000,
    lastEventIdParameter: "id",
    allowTransform: true,
    maxBuffered: 5,
    compression: COMPRESSION,
    onError: () => {},
  },
  wrong: {
    keepAlive: "1000",
    retry: "5",
    methods: "GET",
    headers: 5,
    cors: true,
    signal: new AbortController(),
    maxDuration: "1000",
    startTimeout: "1000",
    lastEventIdParameter: true,
    allowTransform: "no",
    maxBuffered: "5",
    compression: true,
    onError: console,
  },
});

testOptions<CorsOptions>({
  name: "serveEvents()",
  path: "cors",
  call: (cors) => serveEvents(request(), [], { cors }).body?.cancel(),
  right: CORS,
  wrong: WRONG_CORS,
});

testOptions<StopReconnectingOptions>({
  name: "stopReconnecting()",
  call: (options) => stopReconnecting(request(), options),
  right: { headers: { "x-own": "1" }, cors: CORS, allowTransform: true },
  wrong: { headers: "x-own: 1", cors: "*", allowTransform: 1 },
});

testOptions<CorsOptions>({
  name: "stopReconnecting()",
  path: "cors",
  call: (cors) => stopReconnecting(request(), { cors }),
  right: CORS,
  wrong: WRONG_CORS,
});
