// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks the options of a channel, of its methods and of an event's topics, and fills in
 * the defaults. `EventChannel` calls it before it does anything else.
 *
 * @module
 */

import type { Interest } from "./group.ts";
import type {
  EventChannelCloseOptions,
  EventChannelDisconnectOptions,
  EventChannelOptions,
  EventChannelPublishOptions,
  EventChannelServeOptions,
} from "./options.ts";
import { checkSnapshot } from "./snapshot_checks.ts";
import type { SnapshotSource } from "./snapshot_load.ts";
import { TopicSet } from "./topic_set.ts";
import { checkTopics } from "./topics.ts";
import { assertOnLimit, type OnLimit } from "../_server/admission.ts";
import type { Lifetime } from "../_server/lifetime.ts";
import { StreamTally } from "../_server/stream_counters.ts";
import {
  checkResponseOptions,
  COMPRESSION,
  REQUEST_OPTIONS,
} from "../_server/option_checks.ts";
import {
  CONFLATION_KEY,
  hasMembers,
  type OptionKinds,
  readOptions,
  SIGNAL,
  STRINGS,
} from "../_options.ts";
import {
  assertLimit,
  assertName,
  assertNumber,
  describeMismatch,
} from "../_validate.ts";
import { type EventLog, MemoryEventLog } from "../log.ts";

/**
 * The name of an option that runs set: all of their channels count in one place.
 */
export const TALLY: unique symbol = Symbol("tally");

const CHANNEL_OPTIONS: OptionKinds<EventChannelOptions> = {
  keepAlive: "any",
  retry: "any",
  log: [
    "an EventLog such as MemoryEventLog",
    (value) => hasMembers(value, "append", "read", "rewind", "follow"),
  ],
  liveSegmentBytes: "any",
  maxSubscribers: "any",
  maxSubscribersPerKey: "any",
  onLimit: "any",
  key: "a function",
  maxTopicsPerSubscriber: "any",
  maxTopicsPerEvent: "any",
  maxTopicLength: "any",
  compression: COMPRESSION,
  snapshot: "any",
  onGap: "a function",
  onOpen: "a function",
  onClose: "a function",
  onError: "a function",
};

const SERVE_OPTIONS: OptionKinds<EventChannelServeOptions> = {
  ...REQUEST_OPTIONS,
  replay: "any",
  snapshot: "any",
  topics: "any",
  types: STRINGS,
  filter: "a function",
  until: "a function",
  onOpen: "a function",
  onClose: "a function",
};

const PUBLISH_OPTIONS: OptionKinds<EventChannelPublishOptions> = {
  topics: "any",
  conflationKey: CONFLATION_KEY,
  transaction: "any",
  signal: SIGNAL,
};

const DISCONNECT_OPTIONS: OptionKinds<EventChannelDisconnectOptions> = {
  transaction: "any",
  signal: SIGNAL,
};

const CLOSE_OPTIONS: OptionKinds<EventChannelCloseOptions> = {
  retry: "any",
  status: "any",
};

/** The options of a channel, checked and with the defaults filled in. */
export interface CheckedChannelOptions extends EventChannelOptions {
  /** Where the channel counts. */
  tally: StreamTally;
  log: EventLog;
  liveSegmentBytes: number;
  keepAlive: number;
  maxSubscribers: number;
  maxSubscribersPerKey: number;
  onLimit: OnLimit;
  maxTopicsPerSubscriber: number;
  maxTopicsPerEvent: number;
  maxTopicLength: number;
  /** The option `snapshot`. */
  snapshotSource: SnapshotSource | undefined;
}

/** The options with which a client is served, checked and with the defaults filled in. */
export interface CheckedServeOptions {
  /** How many past events a client without an ID gets; may be `Infinity`. */
  replay: number;
  /** What the client gets first, its own or the channel's; `undefined` if there is none. */
  snapshot: SnapshotSource | undefined;
  interest: Interest;
  /** What ends the stream early; `undefined` if nothing does. */
  lifetime: Lifetime | undefined;
  /** Milliseconds for which nobody may begin to read the body; may be `Infinity`. */
  startTimeout: number;
}

/** Reads the options with which a client is served, as {@linkcode readOptions}. */
export function readServeOptions(
  options: EventChannelServeOptions,
): EventChannelServeOptions {
  return readOptions("serve event channel", options, SERVE_OPTIONS);
}

/**
 * Checks the options of a channel and fills in the defaults.
 *
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If a number is outside its range.
 */
export function checkChannelOptions(
  options: EventChannelOptions & { [TALLY]?: StreamTally },
): CheckedChannelOptions {
  const verb = "make event channel";
  const given = readOptions(verb, options, CHANNEL_OPTIONS);
  const {
    log = new MemoryEventLog(),
    liveSegmentBytes = 1_048_576,
    maxSubscribers = Infinity,
    maxSubscribersPerKey = Infinity,
    onLimit = "refuse",
    maxTopicsPerSubscriber = 1000,
    maxTopicsPerEvent = 100,
    maxTopicLength = 256,
  } = given;
  assertNumber(verb, "liveSegmentBytes", liveSegmentBytes, 0);
  const { keepAlive } = checkResponseOptions(verb, given);
  assertLimit(verb, "maxSubscribers", maxSubscribers, 0);
  assertLimit(verb, "maxSubscribersPerKey", maxSubscribersPerKey, 0);
  assertOnLimit(verb, onLimit);
  assertLimit(verb, "maxTopicsPerSubscriber", maxTopicsPerSubscriber, 0);
  assertLimit(verb, "maxTopicsPerEvent", maxTopicsPerEvent, 0);
  assertLimit(verb, "maxTopicLength", maxTopicLength, 1);
  return {
    ...given,
    // Not an option of the channel: runs set it.
    tally: options[TALLY] ?? new StreamTally(),
    log,
    liveSegmentBytes,
    keepAlive,
    maxSubscribers,
    maxSubscribersPerKey,
    onLimit,
    maxTopicsPerSubscriber,
    maxTopicsPerEvent,
    maxTopicLength,
    snapshotSource: checkSnapshot(verb, given.snapshot),
  };
}

/**
 * Checks the options with which a channel is closed, as {@linkcode checkChannelOptions}.
 */
export function checkCloseOptions(
  options: EventChannelCloseOptions,
): { retry: number | undefined; status: 204 | 503 } {
  const verb = "close event channel";
  const { retry, status = 503 } = readOptions(verb, options, CLOSE_OPTIONS);
  checkResponseOptions(verb, { retry });
  if (status !== 204 && status !== 503) {
    const error = typeof status === "number" ? RangeError : TypeError;
    throw new error(describeMismatch(verb, "status", "204 or 503", status));
  }
  return { retry, status };
}

/**
 * Checks the options with which an event is published.
 *
 * @returns The options.
 * @throws {TypeError} If an option is unknown or of the wrong type, and as
 * {@linkcode checkTopics}.
 * @throws {RangeError} As {@linkcode checkTopics}.
 */
export function checkPublishOptions(
  options: EventChannelPublishOptions,
  { maxTopicsPerEvent, maxTopicLength }: CheckedChannelOptions,
): EventChannelPublishOptions {
  const verb = "publish event";
  const given = readOptions(verb, options, PUBLISH_OPTIONS);
  const { topics } = given;
  if (topics !== undefined) {
    const bounds = { maxTopics: maxTopicsPerEvent, maxTopicLength };
    checkTopics(verb, topics, bounds);
  }
  return given;
}

/** Reads the options with which clients are disconnected, as {@linkcode readOptions}. */
export function checkDisconnectOptions(
  options: EventChannelDisconnectOptions,
): EventChannelDisconnectOptions {
  return readOptions("disconnect clients", options, DISCONNECT_OPTIONS);
}

/**
 * Checks the options with which a client is served, and fills in the defaults.
 *
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is outside its range.
 */
export function checkServeOptions(
  options: EventChannelServeOptions,
  { maxTopicsPerSubscriber, maxTopicLength, snapshotSource }:
    CheckedChannelOptions,
): CheckedServeOptions {
  const { topics = [], types, filter, until } = options;
  const replay = checkReplay(options.replay);
  const snapshot = checkSnapshot("serve event channel", options.snapshot) ??
    snapshotSource;
  if (replay > 0 && snapshot !== undefined) {
    const expected = "left out with a snapshot";
    throw new TypeError(
      describeMismatch(
        "serve event channel",
        "replay",
        expected,
        options.replay,
      ),
    );
  }
  // A set is checked when it is bound to the channel.
  if (topics !== "all" && !(topics instanceof TopicSet)) {
    const bounds = { maxTopics: maxTopicsPerSubscriber, maxTopicLength };
    checkTopics("serve event channel", topics, bounds);
  }
  for (const type of types ?? []) {
    assertName("serve event channel", "types", type);
  }
  const { signal } = options;
  const { maxDuration, startTimeout } = checkResponseOptions(
    "serve event channel",
    { maxDuration: options.maxDuration, startTimeout: options.startTimeout },
  );
  const isLimited = maxDuration !== Infinity || signal !== undefined;
  return {
    replay,
    snapshot,
    interest: { topics, types, filter, until },
    lifetime: isLimited ? { maxDuration, signal } : undefined,
    startTimeout,
  };
}

function checkReplay(replay: number | "all" = 0): number {
  if (replay === "all") return Infinity;
  assertLimit("serve event channel", "replay", replay, 0);
  return replay;
}
