// Copyright 2026 the Tidings authors. MIT license.

/**
 * The checks of options that servers, channels, runs and sockets share, and of those of
 * `serveEvents`. They also fill in the defaults.
 *
 * @module
 */

import { CODEC } from "./compression.ts";
import type { CorsOptions } from "./cors.ts";
import type {
  EventResponseOptions,
  ServeEventsOptions,
  StopReconnectingOptions,
} from "./options.ts";
import {
  hasMembers,
  HEADERS,
  type OptionKind,
  type OptionKinds,
  readOptions,
  SIGNAL,
  STRINGS,
} from "../_options.ts";
import { assertInteger, assertNumber, MAX_DELAY } from "../_validate.ts";

/**
 * Milliseconds. `Bun.serve` closes what is silent for 10 seconds, most proxies what is
 * silent for 60, and some for 30.
 */
const DEFAULT_KEEP_ALIVE = "Bun" in globalThis ? 5000 : 15_000;

/** The kind of `compression`. */
export const COMPRESSION: OptionKind = [
  "a compression such as gzip()",
  (value) => hasMembers(value, "coding", CODEC),
];

const ORIGINS: OptionKind = [
  '"*", a list or a function',
  // `cors.ts` checks each origin.
  (value) =>
    value === "*" || typeof value === "function" || Array.isArray(value),
];

/** The kinds of {@linkcode CorsOptions}. */
export const CORS_OPTIONS: OptionKinds<CorsOptions> = {
  origins: ORIGINS,
  credentials: "a boolean",
  maxAge: "any",
};

/** The kinds of {@linkcode EventResponseOptions} that channels and runs take per request. */
export const REQUEST_OPTIONS: OptionKinds<
  Omit<EventResponseOptions, "keepAlive" | "retry">
> = {
  methods: STRINGS,
  headers: HEADERS,
  cors: CORS_OPTIONS,
  signal: SIGNAL,
  maxDuration: "any",
  startTimeout: "any",
  lastEventIdParameter: "a string",
  allowTransform: "a boolean",
};

/** The kinds of {@linkcode EventResponseOptions}. */
const RESPONSE_OPTIONS: OptionKinds<EventResponseOptions> = {
  keepAlive: "any",
  retry: "any",
  ...REQUEST_OPTIONS,
};

const SERVE_EVENTS_OPTIONS: OptionKinds<ServeEventsOptions> = {
  ...RESPONSE_OPTIONS,
  maxBuffered: "any",
  compression: COMPRESSION,
  onError: "a function",
};

const STOP_RECONNECTING_OPTIONS: OptionKinds<StopReconnectingOptions> = {
  headers: HEADERS,
  cors: CORS_OPTIONS,
  allowTransform: "a boolean",
};

/** The numbers among the options of a response, with the defaults filled in. */
export interface CheckedResponseOptions {
  keepAlive: number;
  retry: number | undefined;
  maxDuration: number;
  startTimeout: number;
}

/** The options of `serveEvents` that are left once a request was negotiated. */
export interface CheckedServeEventsOptions extends CheckedResponseOptions {
  maxBuffered: number;
  signal: AbortSignal | undefined;
  onError: ServeEventsOptions["onError"];
}

/** Reads the options of `serveEvents`, as {@linkcode readOptions}. */
export function readServeEventsOptions(
  options: ServeEventsOptions,
): ServeEventsOptions {
  return readOptions("serve events", options, SERVE_EVENTS_OPTIONS);
}

/** Reads the options of `stopReconnecting`, as {@linkcode readOptions}. */
export function readStopReconnectingOptions(
  options: StopReconnectingOptions,
): StopReconnectingOptions {
  return readOptions("stop reconnecting", options, STOP_RECONNECTING_OPTIONS);
}

/**
 * Checks the numbers among the options of a response and fills in the defaults.
 *
 * @param verb What cannot be done otherwise.
 * @param options The options.
 * @returns The numbers.
 * @throws {TypeError} If one of them is not a number.
 * @throws {RangeError} If one of them is outside its range.
 */
export function checkResponseOptions(
  verb: string,
  options: Pick<
    EventResponseOptions,
    "keepAlive" | "retry" | "maxDuration" | "startTimeout"
  >,
): CheckedResponseOptions {
  const {
    keepAlive = DEFAULT_KEEP_ALIVE,
    retry,
    maxDuration = Infinity,
    startTimeout = 10_000,
  } = options;
  assertNumber(verb, "keepAlive", keepAlive, 0, MAX_DELAY);
  if (retry !== undefined) assertInteger(verb, "retry", retry, 0, MAX_DELAY);
  if (maxDuration !== Infinity) {
    assertNumber(verb, "maxDuration", maxDuration, 0, MAX_DELAY);
  }
  if (startTimeout !== Infinity) {
    assertNumber(verb, "startTimeout", startTimeout, 1, MAX_DELAY);
  }
  return { keepAlive, retry, maxDuration, startTimeout };
}

/** Checks the options of `serveEvents`, as {@linkcode checkResponseOptions}. */
export function checkServeEventsOptions(
  options: ServeEventsOptions,
): CheckedServeEventsOptions {
  const verb = "serve events";
  const { maxBuffered = 1_048_576, signal, onError } = options;
  const checked = checkResponseOptions(verb, options);
  assertNumber(verb, "maxBuffered", maxBuffered, 0);
  return { ...checked, maxBuffered, signal, onError };
}
