// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a channel can be told.
 *
 * @module
 */

import type { Lifetime } from "../_server/lifetime.ts";
import { checkResponseOptions } from "../_server/option_checks.ts";
import type { EventResponseOptions } from "../_server/options.ts";
import type { Interest } from "./group.ts";
import { checkTopics } from "./topics.ts";
import { assertLimit, assertName, assertNumber } from "../_validate.ts";
import type { TypedEventInit } from "../event.ts";
import { type EventLog, type LoggedEvent, MemoryEventLog } from "../log.ts";
import type { CloseReason, EventCompression } from "../server.ts";

/** A client for which events are missing. */
export interface EventGap {
  /** The ID that the client brought, or was at, and that the history does not have. */
  lastEventId: string;
  /** The client's request. */
  request: Request;
}

/**
 * Options for {@linkcode EventChannel}.
 *
 * @typeParam Events What `json` is, by event type. Left out, it is any.
 */
export interface EventChannelOptions<
  Events = unknown,
> extends Pick<EventResponseOptions, "keepAlive" | "retry"> {
  /**
   * The history behind the channel, which outlives it: closing the channel does not
   * close the log. Several channels, also of several processes, may share one log.
   *
   * @default {new MemoryEventLog()}
   */
  log?: EventLog | undefined;
  /**
   * Bytes of the latest events that the channel itself holds, encoded, for clients
   * that are a little behind: at least 0. Each event counts 256 on top. A client
   * that is further behind reads from the log.
   *
   * @default {1_048_576}
   */
  liveSegmentBytes?: number | undefined;
  /**
   * The clients' reconnection time in milliseconds, an integer from 0 to
   * 2 147 483 647. It is sent first, and, in seconds, as `Retry-After` with 503 and
   * 429. Left out, clients keep their own, and `Retry-After` is 5.
   */
  retry?: number | undefined;
  /**
   * The most clients at a time, an integer of at least 0 or `Infinity`. Others are
   * answered with 503 and `Retry-After`, on which a browser's `EventSource` gives up.
   *
   * What is counted are open responses: one for each connection of HTTP/1, whatever
   * its client sends behind it, and any number for each connection of HTTP/2.
   *
   * @default {Infinity}
   */
  maxSubscribers?: number | undefined;
  /**
   * The most clients at a time for each {@linkcode EventChannelOptions.key}, an
   * integer of at least 0 or `Infinity`. Others are answered with 429 and
   * `Retry-After`, on which a browser's `EventSource` gives up.
   *
   * @default {Infinity}
   */
  maxSubscribersPerKey?: number | undefined;
  /**
   * Tells whose client a request is, for `maxSubscribersPerKey`: a user, a session,
   * an address. Left out, there is no such limit.
   */
  key?: ((request: Request) => string) | undefined;
  /**
   * The most `topics` for which a client may ask, an integer of at least 0 or
   * `Infinity`. Beyond it, `serve` throws a `RangeError`.
   *
   * @default {1000}
   */
  maxTopicsPerSubscriber?: number | undefined;
  /**
   * The most `topics` of an event, an integer of at least 0 or `Infinity`. Beyond it,
   * `publish` rejects with a `RangeError`.
   *
   * @default {100}
   */
  maxTopicsPerEvent?: number | undefined;
  /**
   * The most UTF-16 code units of a topic, an integer of at least 1 or `Infinity`.
   * Beyond it, `serve` and `publish` fail as above.
   *
   * @default {256}
   */
  maxTopicLength?: number | undefined;
  /**
   * How streams are compressed for the clients that ask for it, such as `gzip()` of
   * `@tidings/sse/compression`: once for all clients that have the same `topics`,
   * `types` and `until`, and no `filter`. Left out, they are not; see SECURITY.md for
   * when they must not be.
   */
  compression?: EventCompression | undefined;
  /**
   * Gives what a client gets in place of the events that are missing, for example a
   * full state. What is left of the history follows. IDs have no lasting effect.
   * If it throws, the client is closed with the reason `"error"`.
   *
   * It is called with the client's request as long as the client is connected, so the
   * channel keeps that.
   *
   * Left out, it is one event of the type `gap`, whose data is JSON such as
   * `{"lastEventId":"…"}` with the ID that the client brought, or was at.
   */
  onGap?:
    | ((
      gap: EventGap,
    ) =>
      | readonly TypedEventInit<Events>[]
      | Promise<readonly TypedEventInit<Events>[]>)
    | undefined;
  /**
   * Called with whatever goes wrong behind the clients' backs: following or reading
   * the log fails, which is tried again with growing waits; or `onGap` or a `filter`
   * throws, and that client is closed. It must not throw.
   *
   * Left out, failures of the log show only as {@linkcode EventChannel.stalled}, and
   * those of `onGap` and `filter` fail the body of the response: the runtime reports
   * them and cuts the connection.
   */
  onError?: ((error: unknown) => void) | undefined;
}

/** Options for {@linkcode EventChannel.serve}. */
export interface EventChannelServeOptions
  extends Omit<EventResponseOptions, "keepAlive" | "retry"> {
  /**
   * How many past events a client gets that brings no ID: the latest so many (an
   * integer of at least 0), or `"all"` that are in the catchUp. They are counted
   * before `topics`, `types` and `filter` choose from them.
   *
   * @default {0}
   */
  replay?: number | "all" | undefined;
  /**
   * What the client gets besides the events without topics: those with at least one
   * topic of these, or, with `"all"`, every event. A client that comes back gets what
   * its new request's topics say, whatever those of the last one were.
   *
   * Decide them by who the client is, never by what it asks for alone.
   *
   * @default {[]}
   */
  topics?: readonly string[] | "all" | undefined;
  /**
   * The event types that the client gets, from among the events that its `topics`
   * let through. Left out, all.
   */
  types?: readonly string[] | undefined;
  /**
   * Whether the client gets an event, asked last, after `topics` and `types`. It must
   * leave the event as it is.
   */
  filter?: ((event: LoggedEvent) => boolean) | undefined;
  /**
   * Whether an event is the last one for the client: the stream ends after it, and the
   * client comes back, unless it is then told to stop. It is asked of all events, those
   * too that the client does not get.
   */
  until?: ((event: LoggedEvent) => boolean) | undefined;
  /**
   * Called once when the client is one no more: `"client"` if it has left,
   * `"source"` after the event that `until` has named, `"server"` if the channel was
   * closed or the `signal` aborted, `"lifetime"` after `maxDuration`, `"overflow"` if it
   * has fallen behind the whole log, `"error"` if `onGap`, `filter` or `until` threw. It
   * must not throw.
   */
  onClose?: ((reason: CloseReason) => void) | undefined;
}

/** Options for {@linkcode EventChannel.publish}. */
export interface EventChannelPublishOptions {
  /**
   * What the event is about: it reaches those clients that have asked for at least
   * one of these topics, each of them once, and is never sent with it. Left out, the
   * event reaches every client; an empty list reaches only those that ask for `"all"`.
   */
  topics?: readonly string[] | undefined;
  /**
   * Gives the call up: its promise rejects with the signal's reason. The event may
   * still be published.
   */
  signal?: AbortSignal | undefined;
}

/** Options for {@linkcode EventChannel.close}. */
export interface EventChannelCloseOptions {
  /**
   * Milliseconds, an integer from 0 to 2 147 483 647. Each client is told a
   * reconnection time of its own, drawn between this and twice this, so that they do
   * not all come back at once. Left out, they keep theirs.
   */
  retry?: number | undefined;
  /**
   * What later requests are answered with: 503 and `Retry-After`, or 204, which
   * tells clients not to come back. A browser's `EventSource` gives up on both, but
   * comes back where it finds no server.
   *
   * @default {503}
   */
  status?: 204 | 503 | undefined;
}

/** The options of a channel, checked and with the defaults filled in. */
export interface CheckedChannelOptions extends EventChannelOptions {
  log: EventLog;
  liveSegmentBytes: number;
  keepAlive: number;
  maxSubscribers: number;
  maxSubscribersPerKey: number;
  maxTopicsPerSubscriber: number;
  maxTopicsPerEvent: number;
  maxTopicLength: number;
}

/** What a client gets, checked and with the defaults filled in. */
export interface CheckedServeOptions {
  /** How many past events, if it brings no ID; may be `Infinity`. */
  replay: number;
  interest: Interest;
  /** What ends its stream, if anything does. */
  lifetime: Lifetime | undefined;
}

/**
 * Checks the options of a channel and fills in the defaults.
 *
 * @throws {TypeError} If a number is none.
 * @throws {RangeError} If a number is outside its range.
 */
export function checkChannelOptions(
  options: EventChannelOptions,
): CheckedChannelOptions {
  const {
    log = new MemoryEventLog(),
    liveSegmentBytes = 1_048_576,
    maxSubscribers = Infinity,
    maxSubscribersPerKey = Infinity,
    maxTopicsPerSubscriber = 1000,
    maxTopicsPerEvent = 100,
    maxTopicLength = 256,
  } = options;
  const verb = "make event channel";
  assertNumber(verb, "liveSegmentBytes", liveSegmentBytes, 0);
  const { keepAlive } = checkResponseOptions(verb, options);
  assertLimit(verb, "maxSubscribers", maxSubscribers, 0);
  assertLimit(verb, "maxSubscribersPerKey", maxSubscribersPerKey, 0);
  assertLimit(verb, "maxTopicsPerSubscriber", maxTopicsPerSubscriber, 0);
  assertLimit(verb, "maxTopicsPerEvent", maxTopicsPerEvent, 0);
  assertLimit(verb, "maxTopicLength", maxTopicLength, 1);
  return {
    ...options,
    log,
    liveSegmentBytes,
    keepAlive,
    maxSubscribers,
    maxSubscribersPerKey,
    maxTopicsPerSubscriber,
    maxTopicsPerEvent,
    maxTopicLength,
  };
}

/** Checks the options with which a channel is closed, as {@linkcode checkChannelOptions}. */
export function checkCloseOptions(
  { retry, status = 503 }: EventChannelCloseOptions,
): { retry: number | undefined; status: 204 | 503 } {
  const verb = "close event channel";
  checkResponseOptions(verb, { retry });
  if (status !== 204 && status !== 503) {
    throw new RangeError(
      `Cannot ${verb}: "status" is ${status}, 204 or 503 is wanted`,
    );
  }
  return { retry, status };
}

/** Checks the topics of an event, as {@linkcode checkTopics}. */
export function checkEventTopics(
  topics: readonly string[] | undefined,
  { maxTopicsPerEvent, maxTopicLength }: CheckedChannelOptions,
): void {
  if (topics === undefined) return;
  const bounds = { maxTopics: maxTopicsPerEvent, maxTopicLength };
  checkTopics("publish event", topics, bounds);
}

/**
 * Checks what a client gets and for how long, and fills in the defaults.
 *
 * @throws {TypeError} If an option is of the wrong type.
 * @throws {RangeError} If an option is outside its range.
 */
export function checkServeOptions(
  options: EventChannelServeOptions,
  { maxTopicsPerSubscriber, maxTopicLength }: CheckedChannelOptions,
): CheckedServeOptions {
  const { topics = [], types, filter, until } = options;
  const replay = checkReplay(options.replay);
  if (topics !== "all") {
    const bounds = { maxTopics: maxTopicsPerSubscriber, maxTopicLength };
    checkTopics("serve event channel", topics, bounds);
  }
  for (const type of types ?? []) {
    assertName("serve event channel", "types", type);
  }
  const lifetime = checkLifetime(options);
  return { replay, interest: { topics, types, filter, until }, lifetime };
}

function checkLifetime(
  { maxDuration: duration, signal }: EventChannelServeOptions,
): Lifetime | undefined {
  const { maxDuration } = checkResponseOptions("serve event channel", {
    maxDuration: duration,
  });
  if (maxDuration === Infinity && signal === undefined) return undefined;
  return { maxDuration, signal };
}

function checkReplay(replay: number | "all" = 0): number {
  if (replay === "all") return Infinity;
  assertLimit("serve event channel", "replay", replay, 0);
  return replay;
}
