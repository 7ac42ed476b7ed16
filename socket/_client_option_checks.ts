// Copyright 2026 the Tidings authors. MIT license.

/**
 * The checks of the options of `EventStreamSocket`.
 *
 * @module
 */

import type { BackoffOptions } from "../_client/backoff.ts";
import {
  HEADERS,
  type OptionKind,
  type OptionKinds,
  readOptions,
} from "../_options.ts";
import { assertNumber, MAX_DELAY } from "../_validate.ts";
import type { EventStreamSocketOptions } from "./_client_options.ts";

// `connect()` checks the range when the stream is opened, and takes `null` for left out.
const NUMBER: OptionKind = ["a number", (value) => typeof value === "number"];

const BACKOFF_OPTIONS: OptionKinds<BackoffOptions> = {
  factor: NUMBER,
  maxDelay: NUMBER,
  maxAttempts: NUMBER,
  healthyAfter: NUMBER,
  random: "a function",
};

const OPTIONS: OptionKinds<EventStreamSocketOptions> = {
  fetch: "a function",
  headers: HEADERS,
  withCredentials: "a boolean",
  backoff: BACKOFF_OPTIONS,
  reconnectionTime: NUMBER,
  idleTimeout: NUMBER,
  webSocketTimeout: NUMBER,
};

/**
 * Reads the options, and checks those that `connect()` does not check when the stream is
 * opened.
 *
 * @returns The options.
 * @throws {TypeError} If an option is unknown or of the wrong type, or a header invalid.
 * @throws {RangeError} If an option is a number outside its range.
 */
export function checkOptions(
  options: EventStreamSocketOptions,
): EventStreamSocketOptions {
  const given = readOptions("connect", options, OPTIONS);
  const { headers, webSocketTimeout = 0 } = given;
  if (typeof headers !== "function") new Headers(headers);
  assertNumber("connect", "webSocketTimeout", webSocketTimeout, 0, MAX_DELAY);
  return given;
}
