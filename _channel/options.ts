// Copyright 2026 the Tidings authors. MIT license.

/**
 * The public options of a channel. There is no behaviour here: `option_checks.ts` checks
 * them.
 *
 * @module
 */

import type { EventResponseOptions } from "../_server/options.ts";
import type { TypedEventInit } from "../event.ts";
import type { EventLog, LoggedEvent } from "../log.ts";
import type { EventChannelClient } from "./client_callbacks.ts";
import type { EventGap, EventSnapshot } from "./state_options.ts";
import type { TopicSet } from "./topic_set.ts";
import type { CloseReason, EventCompression } from "../server.ts";

/**
 * Options for {@linkcode EventChannel}.
 *
 * @example Typed events
 * ```ts
 * import { EventChannel } from "@tidings/sse/channel";
 *
 * await using channel = new EventChannel<{
 *   tick: { price: number };
 *   done: null;
 * }>();
 *
 * await channel.publish({ event: "tick", json: { price: 1 } });
 * await channel.publish({ event: "done", json: null });
 * ```
 *
 * @typeParam Events What `json` is, by event type. Left out, it is any.
 */
export interface EventChannelOptions<
  Events = unknown,
> extends Pick<EventResponseOptions, "keepAlive" | "retry"> {
  /**
   * The log that holds the channel's history. It outlives the channel: closing the
   * channel does not close the log. Several channels, in one process or in several, may
   * share one log.
   *
   * @default {new MemoryEventLog()}
   */
  log?: EventLog | undefined;
  /**
   * Bytes of the newest events that the channel holds in memory, encoded, for clients
   * that are a little behind: at least 0. Each event counts 256 on top, and each of its
   * topics and its conflation key 128. A client that is further behind reads from the log.
   *
   * @default {1_048_576}
   */
  liveSegmentBytes?: number | undefined;
  /**
   * The clients' reconnection time in milliseconds, an integer from 0 to 2 147 483 647.
   * It is sent first, and, in seconds, as `Retry-After` with 503 and 429. Left out,
   * clients keep their own, and `Retry-After` is 5.
   */
  retry?: number | undefined;
  /**
   * The most clients at a time, an integer of at least 0 or `Infinity`. Further ones are
   * answered with 503 and `Retry-After`, on which a browser's `EventSource` gives up.
   *
   * Open responses are counted. A connection of HTTP/1 has one at most, even if its
   * client sends further requests on it; a connection of HTTP/2 may have any number.
   *
   * @default {Infinity}
   */
  maxSubscribers?: number | undefined;
  /**
   * The most clients at a time for each {@linkcode EventChannelOptions.key}, an integer
   * of at least 0 or `Infinity`. `onLimit` says what happens with further ones.
   *
   * @default {Infinity}
   */
  maxSubscribersPerKey?: number | undefined;
  /**
   * What happens with a client beyond `maxSubscribersPerKey`:
   *
   * - `"refuse"`: it is answered with 429 and `Retry-After`, on which a browser's
   *   `EventSource` gives up.
   * - `"replaceOldest"`: it is served, and the stream of the oldest client with its key
   *   ends, with the reason `"replaced"`. With a limit of 0, it is refused.
   *
   * A peer that vanishes without a word, such as a telephone that loses its network,
   * counts until the system gives its connection up: some 15 minutes after the next bytes
   * were sent to it, or until `maxDuration`. With `"refuse"`, it keeps its own user out
   * for as long. With `"replaceOldest"`, a client that was replaced and is still there
   * comes back, and replaces the next one: let the limit be more than what a user has
   * open.
   *
   * @default {"refuse"}
   */
  onLimit?: "refuse" | "replaceOldest" | undefined;
  /**
   * Returns what a request is counted under for `maxSubscribersPerKey`: a user, a
   * session, an address. Left out, there is no such limit.
   */
  key?: ((request: Request) => string) | undefined;
  /**
   * The most `topics` that a client may be served, an integer of at least 0 or
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
   * The most UTF-16 code units of a topic, an integer of at least 1 or `Infinity`. Beyond
   * it, `serve` throws and `publish` rejects with a `RangeError`.
   *
   * @default {256}
   */
  maxTopicLength?: number | undefined;
  /**
   * How streams are compressed for clients that accept it, such as `compress()` of
   * `@tidings/sse/compression`. Each event is compressed once for all clients with the
   * same `topics`, `types` and `until`, and without a `filter`. Left out, streams are not
   * compressed; SECURITY.md says when they must not be.
   */
  compression?: EventCompression | undefined;
  /**
   * The present state, which a client gets first if it brings no ID, or one to which the
   * history does not reach back. Every event after the state follows it. `serve` may have
   * another.
   *
   * The client's cursor is taken first, then the state is loaded. So nothing is missed if
   * a change is stored before its event is published, or in one transaction with it, and
   * `snapshot` reads a store that is at least that new. A change that is stored meanwhile
   * may be in the state and come once more as an event.
   *
   * The last event of a snapshot carries the cursor as its ID, or a block of its own does
   * if there is none. A client that is cut off before that gets a new snapshot. So events
   * of a snapshot have no IDs of their own, and `topics`, `types`, `filter` and `until`
   * do not apply to them.
   *
   * If it throws, or an event cannot be encoded or has an ID, the stream ends with the
   * reason `"error"`. If the history leaves the cursor behind while the state is loaded,
   * it is loaded again; the third time, the stream ends with the reason `"overflow"`, and
   * the client is told a time after which to come back.
   *
   * A function is called for each client, at any time while it is connected, so the
   * channel keeps its request in memory. With `key` and `load`, clients share a snapshot.
   *
   * Left out, a client without an ID gets what is published from now on.
   *
   * @example The present state, then every change
   * ```ts
   * import { EventChannel } from "@tidings/sse/channel";
   * import { readEvents } from "@tidings/sse/parser";
   * import { assertEquals } from "@std/assert";
   *
   * let score = "0:0";
   * await using channel = new EventChannel({
   *   snapshot: () => [{ event: "score", data: score }],
   * });
   *
   * const events = readEvents(channel.serve(new Request("http://localhost/")));
   * assertEquals((await events.next()).value?.data, "0:0");
   *
   * // The change is stored first, then its event is published.
   * score = "1:0";
   * channel.publish({ event: "score", data: score });
   * assertEquals((await events.next()).value?.data, "1:0");
   * await events.return?.();
   * ```
   */
  snapshot?: EventSnapshot<Events> | undefined;
  /**
   * Returns the events that a client without a `snapshot` is sent in place of missing
   * ones. What is left of the history follows. IDs of these events have no lasting
   * effect. If it throws, the stream ends with the reason `"error"`. With a `snapshot`,
   * it is not called.
   *
   * It is called with the client's request at any time while the client is connected, so
   * the channel keeps the request in memory.
   *
   * Left out, it is one event of the type `gap`. Its data is JSON such as
   * `{"lastEventId":"…"}`, with the ID that the client brought, or was at.
   */
  onGap?:
    | ((
      gap: EventGap,
    ) =>
      | readonly TypedEventInit<Events>[]
      | Promise<readonly TypedEventInit<Events>[]>)
    | undefined;
  /**
   * Called once for each client that gets a stream, before `serve` returns and before
   * `onClose` is called for the client. It is not called for a request that is refused, for
   * HEAD, or after the channel was closed. `size` and `count()` include the client already.
   * The `onOpen` of `serve` is called first.
   *
   * It must not throw: what it throws becomes a warning.
   */
  onOpen?: ((client: EventChannelClient) => void) | undefined;
  /**
   * Called once for each client when its stream has ended, with the reason, as `onClose`
   * of `serve`, which is called first. The client is the same object as in `onOpen`, and
   * `size` and `count()` do not include it any more. It must not throw: what it throws
   * becomes a warning.
   */
  onClose?:
    | ((reason: CloseReason, client: EventChannelClient) => void)
    | undefined;
  /**
   * Called with each error, whether a caller receives it or not:
   *
   * - `publish()` fails. After `close()`, only the first call is told.
   * - Following or reading the log fails. That is tried again with growing delays.
   * - An entry of the log is no event, since another program has written it. It is left
   *   out, and told once, as an `EventLogEntryError`.
   * - `snapshot`, `onGap`, a `filter` or an `until` throws: that client's stream ends.
   *
   * What it throws becomes a warning.
   *
   * Left out, errors become warnings; those of the log come once until it gives events
   * again. Errors of `snapshot`, `onGap`, `filter` and `until` fail the body of the
   * response instead: the runtime reports them and cuts the connection.
   */
  onError?: ((error: unknown) => void) | undefined;
}

/** Options for {@linkcode EventChannel.serve}. */
export interface EventChannelServeOptions
  extends Omit<EventResponseOptions, "keepAlive" | "retry"> {
  /**
   * How many past events a client without an ID gets: the latest so many (an integer of
   * at least 0), or `"all"` that are in the history. What `topics`, `types` and `filter`
   * leave out does not count. The channel looks for them among the last 1000 events, or,
   * if that is more, 20 for each that the client is to get; so the client gets fewer
   * where its events are rare. Clients that come at once share the reading of the log.
   *
   * @default {0}
   */
  replay?: number | "all" | undefined;
  /**
   * The present state, which this client gets first, as `snapshot` of the channel, which
   * it replaces. It excludes `replay`.
   */
  snapshot?: EventSnapshot | undefined;
  /**
   * Which events the client gets besides those without topics: those with at least one of
   * these topics, or, with `"all"`, every event. When a client reconnects, the topics of
   * the new request count, not those of the last one.
   *
   * Decide them by the user that you have authenticated, never only by what the request
   * asks for.
   *
   * With a {@linkcode TopicSet}, they may change while the stream is open.
   *
   * @default {[]}
   */
  topics?: readonly string[] | TopicSet | "all" | undefined;
  /**
   * The event types that the client gets, from among the events that its `topics`
   * let through. Left out, all.
   *
   * @example Only the types that a client asks for
   * ```ts
   * import { EventChannel } from "@tidings/sse/channel";
   * import { readEvents } from "@tidings/sse/parser";
   * import { assertEquals } from "@std/assert";
   *
   * await using channel = new EventChannel();
   * const response = channel.serve(new Request("http://localhost/?type=rain"), {
   *   types: ["rain"],
   *   filter: (event) => event.data !== "",
   * });
   * channel.publish({ event: "wind", data: "11 m/s" });
   * channel.publish({ event: "rain", data: "" });
   * channel.publish({ event: "rain", data: "3 mm" });
   *
   * for await (const event of readEvents(response)) {
   *   assertEquals(event.data, "3 mm");
   *   break;
   * }
   * ```
   */
  types?: readonly string[] | undefined;
  /**
   * Whether the client gets an event. It is asked last, after `topics` and `types`, and
   * must not change the event. With `replay`, it is asked about past events twice: to
   * count them and to send them.
   */
  filter?: ((event: LoggedEvent) => boolean) | undefined;
  /**
   * Whether an event is the last one for the client: the stream ends after it. The client
   * then reconnects, unless that request is answered with 204. It is asked about all
   * events, also about those that the client does not get: the client is told the ID of
   * such a one, and goes on after it. To end streams from outside, see
   * {@linkcode EventChannel.disconnect}.
   */
  until?: ((event: LoggedEvent) => boolean) | undefined;
  /**
   * Called once if the client gets a stream, as `onOpen` of the channel.
   */
  onOpen?: ((client: EventChannelClient) => void) | undefined;
  /**
   * Called once when the stream has ended: with `"client"` if the client has left or
   * nobody has begun to read the body within `startTimeout`, `"replaced"` if a newer
   * client with the same key has taken its place (`onLimit`), `"disconnected"` if
   * `disconnect()` was called for one of its topics,
   * `"source"` after the event that `until` has named, `"server"` if the channel was
   * closed or the `signal` aborted, `"lifetime"` after `maxDuration`, `"overflow"` if the
   * client has fallen behind the whole log, `"error"` if `snapshot`, `onGap`, `filter` or
   * `until` threw. It must not throw.
   */
  onClose?:
    | ((reason: CloseReason, client: EventChannelClient) => void)
    | undefined;
}

/** Options for {@linkcode EventChannel.publish}. */
export interface EventChannelPublishOptions {
  /**
   * What the event is about. It reaches the clients with at least one of these topics,
   * each of them once; the topics themselves are not sent. Left out, the event reaches
   * every client; an empty list reaches only clients with `"all"`.
   *
   * @example Topics
   * ```ts
   * import { EventChannel } from "@tidings/sse/channel";
   * import { readEvents } from "@tidings/sse/parser";
   * import { assertEquals } from "@std/assert";
   *
   * await using channel = new EventChannel();
   * const response = channel.serve(new Request("http://localhost/"), {
   *   topics: ["user:ada", "room:tea"],
   * });
   * channel.publish({ data: "for Bob" }, { topics: ["user:bob"] });
   * channel.publish({ data: "for the room" }, { topics: ["room:tea"] });
   * channel.publish({ data: "for everybody" });
   *
   * const events = readEvents(response);
   * assertEquals((await events.next()).value?.data, "for the room");
   * assertEquals((await events.next()).value?.data, "for everybody");
   * await events.return?.();
   * ```
   */
  topics?: readonly string[] | undefined;
  /**
   * Names the value that the event updates, such as `"price:AAPL"`: well-formed text of 1 to
   * 256 UTF-16 code units, without line breaks and U+0000. A client that catches up, because
   * it is slow or has come back, gets only the newest of its events with the same key. A
   * client that keeps up gets all of them. The key is not sent.
   *
   * An event is left out only while a newer one of its key is still to be sent, so a lost
   * connection loses nothing. `docs/live_state.md` says how far a channel looks ahead.
   */
  conflationKey?: string | undefined;
  /**
   * A transaction of the application that the event is part of: it exists if and only if
   * the transaction is committed. The log gets it as it is; with a log that takes no
   * transaction, `publish` rejects with a `TypeError`. The promise resolves when the event
   * is written, which is before the commit.
   */
  transaction?: unknown;
  /**
   * Aborts the call: its promise rejects with the signal's reason. The event may still be
   * published.
   */
  signal?: AbortSignal | undefined;
}

/** Options for {@linkcode EventChannel.disconnect}, as those of `publish`. */
export interface EventChannelDisconnectOptions
  extends Pick<EventChannelPublishOptions, "transaction" | "signal"> {}

/** Options for {@linkcode EventChannel.close}. */
export interface EventChannelCloseOptions {
  /**
   * Milliseconds, an integer from 0 to 2 147 483 647. Each client is told a reconnection
   * time of its own, drawn between this and twice this. This jitter keeps them from all
   * reconnecting at once. Left out, they keep theirs.
   */
  retry?: number | undefined;
  /**
   * How later requests are answered: with 503 and `Retry-After`, or with 204, which tells
   * clients not to reconnect. A browser's `EventSource` gives up on both, but reconnects
   * if it finds no server.
   *
   * @default {503}
   */
  status?: 204 | 503 | undefined;
}
