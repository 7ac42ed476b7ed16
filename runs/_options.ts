// Copyright 2026 the Tidings authors. MIT license.

/**
 * What runs can be told.
 *
 * @module
 */

import { assertLimit, assertNumber, MAX_DELAY } from "../_validate.ts";
import { checkResponseOptions } from "../_server/option_checks.ts";
import type { EventResponseOptions } from "../_server/options.ts";
import type { EventChannelServeOptions } from "../channel.ts";
import type { ServerSentEventInit, TypedEventInit } from "../event.ts";
import type { EventLogs } from "../log.ts";
import type { EventCompression } from "../server.ts";
import type { EventRunEnd } from "./_status_entries.ts";

/**
 * Options for {@linkcode EventRuns}.
 *
 * @typeParam Events What `json` is, by event type. Left out, it is any.
 */
export interface EventRunsOptions<Events = unknown>
  extends Pick<EventResponseOptions, "keepAlive" | "retry"> {
  /**
   * Where the runs are kept. All processes that share it share the runs: any of them
   * serves and stops what another one produces.
   *
   * @default {new MemoryEventLogs()}
   */
  logs?: EventLogs | undefined;
  /**
   * Milliseconds within which readers are told that the process that produced their
   * run is gone: an integer from 10 to 2 147 483 647. A process that stands still for
   * half of this time may be taken for one that is gone.
   *
   * @default {15_000}
   */
  leaseTime?: number | undefined;
  /**
   * Milliseconds for which a run can be read after its end, an integer from 1 to
   * 2 147 483 647. Then nothing of it is left.
   *
   * @default {900_000}
   */
  keepFor?: number | undefined;
  /**
   * Milliseconds that a run may take, an integer from 1 to 2 147 483 647. Beyond, its
   * source is stopped, and it has failed.
   *
   * @default {3_600_000}
   */
  maxRunTime?: number | undefined;
  /**
   * The most events of a run, an integer of at least 1 or `Infinity`. Beyond, its
   * source is stopped, and it has failed: nothing is dropped from its beginning.
   *
   * @default {100_000}
   */
  maxEvents?: number | undefined;
  /**
   * The most bytes of a run, as they are sent: at least 1. Beyond, its source is
   * stopped, and it has failed.
   *
   * @default {16_777_216}
   */
  maxBytes?: number | undefined;
  /**
   * The most runs that this process produces at a time, an integer of at least 1 or
   * `Infinity`. Beyond, {@linkcode EventRuns.start} rejects.
   *
   * @default {10_000}
   */
  maxRuns?: number | undefined;
  /**
   * Makes the event that readers are told the end of a run with; of its fields,
   * `event`, `data` or `json`, and `retry` count. If it gives `undefined`, the stream
   * just ends. It is called where the end is written, and must not throw.
   *
   * Left out, it is an event of the type `end` whose data is `done`, `stopped`,
   * `failed` or `lost`.
   *
   * @param end How the run has ended.
   */
  endEvent?:
    | ((end: EventRunEnd) => TypedEventInit<Events> | undefined)
    | undefined;
  /**
   * How streams are compressed for the readers that ask for it, as for an
   * `EventChannel`. Left out, they are not.
   */
  compression?: EventCompression | undefined;
  /**
   * Called with whatever goes wrong behind the readers' backs: a source throws or
   * reaches a limit, or the logs fail. It must not throw.
   *
   * What the logs fail with is told once for each run, until they answer again.
   *
   * Left out, a source that fails shows only as the run's end, and a log that fails
   * where a run is looked for shows as a warning.
   *
   * @param error What was thrown.
   * @param id The ID of the run.
   */
  onError?: ((error: unknown, id: string) => void) | undefined;
}

/** Options for {@linkcode EventRuns.start}. */
export interface EventRunsStartOptions {
  /**
   * What to do with a run of the same ID that has ended: `"after"` adds the new one's
   * events to the old one's, so that a reader who comes back after the old end goes on
   * with them; `"replace"` drops the old one's. Left out, the run is not started.
   */
  restart?: "after" | "replace" | undefined;
  /**
   * Is given a promise that is fulfilled when the run has ended, for platforms that
   * stop a process once its response is sent.
   */
  waitUntil?: ((ended: Promise<void>) => void) | undefined;
}

/** Options for {@linkcode EventRuns.serve}. */
export interface EventRunsServeOptions extends
  Omit<
    EventChannelServeOptions,
    "replay" | "topics" | "types" | "filter" | "until"
  > {
  /**
   * The methods that get a stream, as for `serveEvents`.
   *
   * @default {["GET", "POST"]}
   */
  methods?: readonly string[] | undefined;
  /**
   * Makes the answer to a request for a run that nobody knows. Left out, it is 404
   * without a body.
   *
   * @param request The request.
   */
  notFound?: ((request: Request) => Response | Promise<Response>) | undefined;
}

/** With what a process claims a run. */
export function claimOptions(
  { leaseTime, keepFor, maxRunTime }: CheckedRunsOptions,
): { leaseTime: number; expireIn: number } {
  return {
    leaseTime: Math.ceil(leaseTime * RENEWALS_TO_MISS / RENEWALS),
    // However a run ends, and if nobody notices: not before it could be over.
    expireIn: maxRunTime + leaseTime + keepFor,
  };
}

/** The options of runs, checked and with the defaults filled in. */
export interface CheckedRunsOptions {
  logs: EventLogs;
  leaseTime: number;
  keepFor: number;
  maxRunTime: number;
  maxEvents: number;
  maxBytes: number;
  maxRuns: number;
  endEvent: (end: EventRunEnd) => ServerSentEventInit | undefined;
  keepAlive: number;
  retry: number | undefined;
  compression: EventCompression | undefined;
  onError: (error: unknown, id: string) => void;
}

/**
 * A claim is renewed, and others look whether it is, so many times in the time of a
 * lease; it lasts for three of them. So it has run out, and this was noticed, well
 * before the time is over.
 */
export const RENEWALS = 5;
const RENEWALS_TO_MISS = 3;
/** Below, timers are not exact enough. */
const MIN_LEASE_TIME = 10;

/**
 * Checks the options of runs and fills in the defaults.
 *
 * @throws {TypeError} If a number is none.
 * @throws {RangeError} If a number is outside its range.
 */
export function checkRunsOptions(
  options: EventRunsOptions,
  logs: EventLogs,
): CheckedRunsOptions {
  const {
    leaseTime = 15_000,
    keepFor = 900_000,
    maxRunTime = 3_600_000,
    maxEvents = 100_000,
    maxBytes = 2 ** 24,
    maxRuns = 10_000,
    endEvent = (end) => ({ event: "end", data: end }),
    compression,
    onError = () => {},
  } = options;
  const verb = "make event runs";
  for (
    const [name, value, least] of [
      ["leaseTime", leaseTime, MIN_LEASE_TIME],
      ["keepFor", keepFor, 1],
      ["maxRunTime", maxRunTime, 1],
    ] as const
  ) {
    assertNumber(verb, name, value, least, MAX_DELAY);
    assertLimit(verb, name, value, least);
  }
  assertLimit(verb, "maxEvents", maxEvents, 1);
  assertNumber(verb, "maxBytes", maxBytes, 1);
  assertLimit(verb, "maxRuns", maxRuns, 1);
  const { keepAlive, retry } = checkResponseOptions(verb, options);
  return {
    logs,
    leaseTime,
    keepFor,
    maxRunTime,
    maxEvents,
    maxBytes,
    maxRuns,
    endEvent,
    keepAlive,
    retry,
    compression,
    onError,
  };
}

/**
 * Checks with what a run is started.
 *
 * @throws {TypeError} If the source is not a function, or `restart` not one of its words.
 */
export function checkStart(
  source: unknown,
  { restart }: EventRunsStartOptions,
): void {
  if (typeof source !== "function") {
    throw new TypeError(
      `Cannot start run: the source is of type ${typeof source}, a function is wanted`,
    );
  }
  if (restart === undefined || restart === "after" || restart === "replace") {
    return;
  }
  throw new TypeError(
    `Cannot start run: "restart" is ${
      JSON.stringify(String(restart).slice(0, 40))
    }, "after" or "replace" is wanted`,
  );
}
