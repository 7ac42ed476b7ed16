// Copyright 2026 the Tidings authors. MIT license.

/**
 * The checks of the options of `serveSocket()`, and their defaults.
 *
 * @module
 */

import { type AdmissionLimits, assertOnLimit } from "../_server/admission.ts";
import { assertOrigins } from "../_server/cors.ts";
import {
  checkResponseOptions,
  CORS_OPTIONS,
} from "../_server/option_checks.ts";
import {
  HEADERS,
  type OptionKinds,
  readOptions,
  SIGNAL,
  STRINGS,
} from "../_options.ts";
import {
  assertLimit,
  assertName,
  assertNumber,
  MAX_DELAY,
} from "../_validate.ts";
import type { ServeSocketOptions } from "./_server_options.ts";
import type { SocketSettings } from "./_session_settings.ts";

/** The options with the defaults filled in. */
export type ServeSocketSettings = SocketSettings & AdmissionLimits;

const OPTIONS: OptionKinds<ServeSocketOptions> = {
  keepAlive: "any",
  headers: HEADERS,
  allowTransform: "a boolean",
  protocols: STRINGS,
  cors: CORS_OPTIONS,
  origins: STRINGS,
  trustProxy: "a boolean",
  signal: SIGNAL,
  sessionTimeout: "any",
  maxMessageSize: "any",
  maxBatchSize: "any",
  maxBuffered: "any",
  maxSessions: "any",
  maxSessionsPerKey: "any",
  onLimit: "any",
  key: "a string",
};

/** Reads the options, as {@linkcode readOptions}. */
export function readSocketOptions(
  options: ServeSocketOptions,
): ServeSocketOptions {
  return readOptions("serve socket", options, OPTIONS);
}

/**
 * Checks the options, and fills in the defaults.
 *
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is a number outside its range.
 */
export function checkOptions(
  options: ServeSocketOptions,
): ServeSocketSettings {
  const {
    sessionTimeout = 30_000,
    maxMessageSize = 1_048_576,
    maxBatchSize = 4_194_304,
    maxBuffered = 16_777_216,
    maxSessions = 10_000,
    maxSessionsPerKey = Infinity,
    onLimit = "refuse",
    key,
    signal,
    origins = [],
  } = options;
  const verb = "serve socket";
  assertOrigins(verb, "origins", origins);
  if (key !== undefined) assertName(verb, "key", key);
  const { keepAlive } = checkResponseOptions(verb, {
    keepAlive: options.keepAlive,
  });
  assertNumber(verb, "sessionTimeout", sessionTimeout, 1, MAX_DELAY);
  assertLimit(verb, "maxMessageSize", maxMessageSize, 0);
  assertLimit(verb, "maxBatchSize", maxBatchSize, 1);
  assertLimit(verb, "maxBuffered", maxBuffered, 1);
  assertLimit(verb, "maxSessions", maxSessions, 0);
  assertLimit(verb, "maxSessionsPerKey", maxSessionsPerKey, 0);
  assertOnLimit(verb, onLimit);
  return {
    keepAlive,
    sessionTimeout,
    maxMessageSize,
    maxBatchSize,
    maxBuffered,
    maxClients: maxSessions,
    maxClientsPerKey: maxSessionsPerKey,
    replacesOldest: onLimit === "replaceOldest",
    signal,
  };
}
