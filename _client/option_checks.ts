// Copyright 2026 the Tidings authors. MIT license.

/**
 * The checks of the options of `EventSource` and `connect()`, for `connection.ts`.
 *
 * @module
 */

import { type OptionTypes, readOptions } from "../_parser/parser_options.ts";
import { MAX_DELAY } from "../_validate.ts";
import { checkOption } from "./check_option.ts";
import type { BackoffOptions } from "./backoff.ts";
import {
  type ConnectOptions,
  type EventSourceInit,
  getMethod,
} from "./connection_options.ts";

const VERB = "connect";

const LIMIT = "a number from 0 to Infinity";

const BACKOFF_OPTIONS: OptionTypes<BackoffOptions> = {
  factor: "a number from 1 to Infinity",
  maxDelay: LIMIT,
  maxAttempts: LIMIT,
  healthyAfter: LIMIT,
  random: "a function",
};

const EVENT_SOURCE_INIT: OptionTypes<EventSourceInit> = {
  // Web IDL: any value becomes a boolean.
  withCredentials: "",
  fetch: "a function",
  // `Headers` itself checks names and values.
  headers: "an object, a list of pairs or a function",
  method: "a string",
  body: "",
  signal: "an object with addEventListener",
  lastEventId: "a string",
  lastEventIdParameter: "a string",
  reconnectionTime: `a number from 0 to ${MAX_DELAY}`,
  backoff: "an object",
  idleTimeout: `a number from 1 to ${MAX_DELAY}, or Infinity`,
  ignoreContentType: "a boolean",
  ignoreStatus: "a boolean",
  maxEventSize: "a whole number from 1 to Infinity",
  shouldReconnect: "a function",
  onComment: "a function",
  clock: "an object with setTimeout",
};

/**
 * Reads the options of `connect()`.
 *
 * @throws {TypeError} If an option is unknown or of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function readConnectOptions(options: ConnectOptions): ConnectOptions {
  return read(options, {
    ...EVENT_SOURCE_INIT,
    withCredentials: "a boolean",
    onStateChange: "a function",
  });
}

/**
 * Reads the init dictionary of `EventSource`, and ignores what is unknown.
 *
 * @throws {TypeError} If a member is of the wrong type.
 * @throws {RangeError} If a number is out of its range.
 */
export function readEventSourceInit(init: EventSourceInit): EventSourceInit {
  return read(init, EVENT_SOURCE_INIT, []);
}

function read<Options extends EventSourceInit>(
  options: Options,
  types: OptionTypes<Options>,
  given?: string[],
): Options {
  const read = readOptions(VERB, options, types, checkOption, "", given);
  read.backoff &&= readOptions(
    VERB,
    read.backoff,
    BACKOFF_OPTIONS,
    checkOption,
    "backoff.",
    given,
  );
  return read;
}

/**
 * Checks what makes the request, so that a mistake shows at once and not as a connection
 * that fails again and again.
 *
 * @throws {TypeError} If the method or a header is invalid, or the method GET or HEAD has
 * a body.
 */
export function assertOptions(options: EventSourceInit): void {
  const { headers } = options;
  new Request("http://localhost", {
    method: getMethod(options),
    headers: typeof headers === "function" ? {} : headers ?? {},
    body: options.body === undefined ? null : "",
  });
}
