// Copyright 2026 the Tidings authors. MIT license.

/**
 * The options of `serveSocket()`, and their check.
 *
 * @module
 */

import type { AdmissionLimits } from "../_server/admission.ts";
import type { CorsOptions } from "../_server/cors.ts";
import { checkResponseOptions } from "../_server/option_checks.ts";
import type { EventResponseOptions } from "../_server/options.ts";
import {
  assertLimit,
  assertName,
  assertNumber,
  MAX_DELAY,
} from "../_validate.ts";
import type { SocketSettings } from "./_server_session.ts";

/** Options for `serveSocket()`. */
export interface ServeSocketOptions
  extends Pick<EventResponseOptions, "keepAlive" | "headers"> {
  /**
   * The subprotocols that are spoken here, the preferred one first. The first that
   * the client offers too is chosen. If there is none, its socket opens only if it
   * has offered none.
   */
  protocols?: readonly string[] | undefined;
  /**
   * Which pages of other origins may open a socket. Left out, none: a request whose
   * `Origin` has another host than itself gets status 403.
   */
  cors?: CorsOptions | undefined;
  /**
   * Closes the socket with 1001 when it is aborted, for a server that shuts down.
   * `shutdown()` of `Deno.serve` waits for open responses, so abort this first.
   */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds for which the client may be away, or may leave a close
   * unanswered, before the socket is closed with 1006: 1 to 2 147 483 647. The body
   * of a POST may take as long; past it the answer is 408, and the client repeats.
   *
   * @default {30_000}
   */
  sessionTimeout?: number | undefined;
  /**
   * Bytes of a message that comes, of text as UTF-8. Past it the socket is closed
   * with 1009.
   *
   * @default {1_048_576}
   */
  maxMessageSize?: number | undefined;
  /**
   * Bytes that a POST may have; the client divides its messages accordingly.
   * A message has to fit in, and one of bytes takes a third more on its way. Past
   * it the answer is 413, and the socket is closed with 1009.
   *
   * @default {4_194_304}
   */
  maxBatchSize?: number | undefined;
  /**
   * Bytes that are kept for one socket, in both directions together: messages, and 64
   * for each, until the client has confirmed them, and what has come of a message
   * that is not complete, counted in steps of 16 384. Past it what has not left yet
   * is dropped, and the socket is closed with 1013. While more than half of it has not left yet, POSTs wait for
   * their answer, and with it the client's next messages.
   *
   * @default {16_777_216}
   */
  maxBuffered?: number | undefined;
  /**
   * Sockets that there may be in this process, of all its endpoints. Past it a
   * request for another gets status 503.
   *
   * @default {10_000}
   */
  maxSessions?: number | undefined;
  /**
   * Sockets that there may be of one `key`. Past it a request for another gets
   * status 429.
   *
   * @default {Infinity}
   */
  maxSessionsPerKey?: number | undefined;
  /** Whose socket it is, for `maxSessionsPerKey`: a user, or an address. */
  key?: string | undefined;
}

/** The options with the defaults filled in. */
export type ServeSocketSettings = SocketSettings & AdmissionLimits;

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
    key,
    signal,
  } = options;
  const verb = "serve socket";
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
  return {
    keepAlive,
    sessionTimeout,
    maxMessageSize,
    maxBatchSize,
    maxBuffered,
    maxClients: maxSessions,
    maxClientsPerKey: maxSessionsPerKey,
    signal,
  };
}
