// Copyright 2026 the Tidings authors. MIT license.

/**
 * The checks of what `EventRuns` and its `start()` are called with, and what follows from
 * the options for claims and polls.
 *
 * @module
 */

import { StreamTally } from "../_server/stream_counters.ts";
import {
  checkResponseOptions,
  COMPRESSION,
  REQUEST_OPTIONS,
} from "../_server/option_checks.ts";
import { hasMembers, type OptionKinds, readOptions } from "../_options.ts";
import {
  assertInteger,
  assertLimit,
  assertNumber,
  describeMismatch,
  MAX_DELAY,
} from "../_validate.ts";
import type { ServerSentEventInit } from "../event.ts";
import type { EventLogs } from "../log.ts";
import type { EventCompression } from "../server.ts";
import { ErrorReports } from "./_error_reports.ts";
import type {
  EventRunsOptions,
  EventRunsServeOptions,
  EventRunsStartOptions,
} from "./_options.ts";
import type { EventRunEnd } from "./_status_entries.ts";

const RUNS_OPTIONS: OptionKinds<EventRunsOptions> = {
  keepAlive: "any",
  retry: "any",
  logs: [
    "EventLogs such as MemoryEventLogs",
    (value) => hasMembers(value, "open", "claim", "inspect", "expire"),
  ],
  leaseTime: "any",
  keepFor: "any",
  maxRunTime: "any",
  maxSilence: "any",
  maxEvents: "any",
  maxBytes: "any",
  maxRuns: "any",
  endEvent: "a function",
  compression: COMPRESSION,
  onError: "a function",
};

const START_OPTIONS: OptionKinds<EventRunsStartOptions> = {
  restart: "any",
  waitUntil: "a function",
};

const SERVE_OPTIONS: OptionKinds<EventRunsServeOptions> = {
  ...REQUEST_OPTIONS,
  onClose: "a function",
  notFound: "a function",
};

/** The options of runs, checked and with the defaults filled in. */
export interface CheckedRunsOptions {
  /** Counts the streams of all channels of the runs. */
  tally: StreamTally;
  logs: EventLogs;
  leaseTime: number;
  keepFor: number;
  maxRunTime: number;
  maxSilence: number;
  maxEvents: number;
  maxBytes: number;
  maxRuns: number;
  endEvent: (end: EventRunEnd) => ServerSentEventInit | undefined;
  keepAlive: number;
  retry: number | undefined;
  compression: EventCompression | undefined;
  /** Tells an error of a run. It never throws. */
  onError: (error: unknown, id: string) => void;
  errorReports: ErrorReports;
}

/**
 * How often in one `leaseTime` a producer renews its claim, and other processes check
 * the run's status. A claim lasts for three of these intervals, so that a claim that is
 * not renewed runs out, and a check notices it, before `leaseTime` is over.
 */
export const RENEWALS = 5;
/** How many of these intervals a claim lasts. */
const INTERVALS_OF_CLAIM = 3;
/** Milliseconds. With a shorter lease, timers are too inexact to renew it in time. */
const MIN_LEASE_TIME = 10;

/** Reads the options of runs, as {@linkcode readOptions}. */
export function readRunsOptions(options: EventRunsOptions): EventRunsOptions {
  return readOptions("make event runs", options, RUNS_OPTIONS);
}

/** Reads the options with which a run is served, as {@linkcode readOptions}. */
export function readServeOptions(
  options: EventRunsServeOptions,
): EventRunsServeOptions {
  return readOptions("serve run", options, SERVE_OPTIONS);
}

/**
 * Checks the options of runs and fills in the defaults.
 *
 * @param options The options, read.
 * @param logs The logs that keep the runs.
 * @returns The options with the defaults.
 * @throws {TypeError} If an option that has to be a number is not one.
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
    maxSilence = Infinity,
    maxEvents = 100_000,
    maxBytes = 2 ** 24,
    maxRuns = 10_000,
    endEvent = (end) => ({ event: "end", data: end }),
    compression,
    onError,
  } = options;
  const verb = "make event runs";
  assertInteger(verb, "leaseTime", leaseTime, MIN_LEASE_TIME, MAX_DELAY);
  assertInteger(verb, "keepFor", keepFor, 1, MAX_DELAY);
  assertInteger(verb, "maxRunTime", maxRunTime, 1, MAX_DELAY);
  if (maxSilence !== Infinity) {
    assertNumber(verb, "maxSilence", maxSilence, 1, MAX_DELAY);
  }
  assertLimit(verb, "maxEvents", maxEvents, 1);
  assertNumber(verb, "maxBytes", maxBytes, 1);
  assertLimit(verb, "maxRuns", maxRuns, 1);
  const { keepAlive, retry } = checkResponseOptions(verb, options);
  const errorReports = new ErrorReports(onError);
  return {
    tally: new StreamTally(),
    logs,
    leaseTime,
    keepFor,
    maxRunTime,
    maxSilence,
    maxEvents,
    maxBytes,
    maxRuns,
    endEvent,
    keepAlive,
    retry,
    compression,
    onError: errorReports.tell,
    errorReports,
  };
}

/**
 * Checks the arguments of `start()`, but for the ID.
 *
 * @param source The source of the run.
 * @param options The options.
 * @returns The options, read.
 * @throws {TypeError} If the source is not a function, an option is unknown, or `restart`
 * has an unknown value.
 */
export function checkStart(
  source: unknown,
  options: EventRunsStartOptions,
): EventRunsStartOptions {
  const verb = "start run";
  const given = readOptions(verb, options, START_OPTIONS);
  const { restart } = given;
  if (typeof source !== "function") {
    throw new TypeError(describeMismatch(verb, "source", "a function", source));
  }
  if (restart === undefined || restart === "after" || restart === "replace") {
    return given;
  }
  const expected = '"after" or "replace"';
  throw new TypeError(describeMismatch(verb, "restart", expected, restart));
}

/**
 * Makes the options with which a run is claimed.
 *
 * @param options The options of the runs.
 * @returns The options of the claim.
 */
export function makeClaimOptions(
  { leaseTime, keepFor, maxRunTime }: CheckedRunsOptions,
): { leaseTime: number; expireIn: number } {
  return {
    leaseTime: Math.ceil(leaseTime * INTERVALS_OF_CLAIM / RENEWALS),
    // If all processes are killed, nothing writes the end of the run, which would let it
    // expire. So it expires by itself, but not before the latest end and `keepFor`.
    expireIn: maxRunTime + leaseTime + keepFor,
  };
}
