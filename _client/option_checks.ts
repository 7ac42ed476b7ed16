// Copyright 2026 the Tidings authors. MIT license.

/**
 * The checks of the options of `EventSource` and `connect()`, for `connection.ts`.
 *
 * @module
 */

import { assertLimit, assertNumber, MAX_DELAY } from "../_validate.ts";
import {
  assertKnown,
  hasMembers,
  HEADERS,
  type OptionKinds,
  readListedOptions,
  readMembers,
  SIGNAL,
} from "../_options.ts";
import type { BackoffOptions } from "./backoff.ts";
import {
  type ConnectOptions,
  type EventSourceInit,
  getMethod,
} from "./connection_options.ts";

const VERB = "connect";

/** The kinds of {@linkcode BackoffOptions}. */
export const BACKOFF_OPTIONS: OptionKinds<BackoffOptions> = {
  factor: "any",
  maxDelay: "any",
  maxAttempts: "any",
  healthyAfter: "any",
  random: "a function",
};

const EVENT_SOURCE_INIT: OptionKinds<EventSourceInit> = {
  // Web IDL: any value becomes a boolean.
  withCredentials: "any",
  fetch: "a function",
  headers: HEADERS,
  method: "a string",
  body: "any",
  signal: SIGNAL,
  lastEventId: "a string",
  lastEventIdParameter: "a string",
  reconnectionTime: "any",
  backoff: BACKOFF_OPTIONS,
  idleTimeout: "any",
  ignoreContentType: "a boolean",
  ignoreStatus: "a boolean",
  maxEventSize: "any",
  shouldReconnect: "a function",
  onComment: "a function",
  clock: ["a clock", (value) => hasMembers(value, "now", "setTimeout")],
};

/** Reads the options of `connect()`, as {@linkcode readListedOptions}; `null` is left out. */
export function readConnectOptions(options: ConnectOptions): ConnectOptions {
  const kinds: OptionKinds<ConnectOptions> = {
    ...EVENT_SOURCE_INIT,
    withCredentials: "a boolean",
    onStateChange: "a function",
  };
  assertKnown(VERB, options, kinds);
  const given = leaveOutNull(options, kinds);
  return readMembers(VERB, given, kinds, "", readListedOptions);
}

/** Reads the init dictionary of `EventSource`, as {@linkcode readMembers}; `null` is left out. */
export function readEventSourceInit(init: EventSourceInit): EventSourceInit {
  const given = leaveOutNull(init, EVENT_SOURCE_INIT);
  return readMembers(VERB, given, EVENT_SOURCE_INIT);
}

/** Reads each option once, `null` as `undefined`: the platform's requests take both. */
function leaveOutNull<Options>(
  options: Options,
  kinds: OptionKinds<Options>,
): Options {
  const members = options as Record<string, unknown>;
  const given: Record<string, unknown> = {};
  for (const name in kinds) given[name] = members[name] ?? undefined;
  return given as Options;
}

/**
 * Checks what does not depend on an attempt, so that a mistake shows at once and
 * not as a connection that fails again and again.
 *
 * @throws {TypeError} If the method or a header is invalid, the method GET or HEAD has
 * a body, or an option is of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function assertOptions(options: EventSourceInit): void {
  const { headers, maxEventSize, backoff = {} } = options;
  new Request("http://localhost", {
    method: getMethod(options),
    headers: typeof headers === "function" ? {} : headers ?? {},
    body: options.body === undefined ? null : "",
  });
  assertRange("reconnectionTime", options.reconnectionTime, 0, MAX_DELAY);
  // Infinity is the default, spelt out.
  if (options.idleTimeout !== Infinity) {
    assertRange("idleTimeout", options.idleTimeout, 1, MAX_DELAY);
  }
  // The parser checks these too, but its errors say "Cannot create parser".
  if (maxEventSize !== undefined) {
    assertLimit(VERB, "maxEventSize", maxEventSize, 1);
  }
  assertRange("backoff.factor", backoff.factor, 1);
  assertRange("backoff.maxDelay", backoff.maxDelay, 0);
  assertRange("backoff.maxAttempts", backoff.maxAttempts, 0);
  assertRange("backoff.healthyAfter", backoff.healthyAfter, 0);
}

function assertRange(
  name: string,
  value: number | undefined,
  min: number,
  max?: number,
): void {
  if (value !== undefined) assertNumber(VERB, name, value, min, max);
}
