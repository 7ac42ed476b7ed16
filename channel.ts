// Copyright 2026 the Tidings authors. MIT license.

/**
 * Publishes an event once, to many clients, and loses none when they reconnect.
 *
 * An {@linkcode EventChannel} keeps its events in a log. A client is a cursor into that
 * log, not a queue: a client that reconnects goes on where it was, and a slow client
 * reads what it has missed at its own pace, at no cost to the others.
 *
 * ```ts ignore -- it serves for ever
 * import { EventChannel } from "@tidings/sse/channel";
 *
 * const channel = new EventChannel();
 *
 * Deno.serve((request) => channel.serve(request));
 *
 * setInterval(() => channel.publish({ data: new Date().toISOString() }), 1000);
 * ```
 *
 * What a client can rely on:
 *
 * - It gets every event after the cursor at which it begins, each once and in order,
 *   over as many connections as it takes. A newcomer begins at the end of the log, and is
 *   sent that cursor at once as its last event ID, so that it loses nothing if it drops
 *   before its first event.
 * - If events are missing, because the history does not reach back to the ID that the
 *   client brings, it gets a `gap` event before any other, or a `snapshot`. A client that
 *   is connected while the log loses events gets one as well, and stays connected.
 * - A slow client that falls behind the whole history is disconnected when it reads on.
 *   It reconnects by itself, and gets a `gap` event.
 *
 * @module
 */

import { ChannelAdmission } from "./_channel/admission.ts";
import {
  checkChannelOptions,
  checkCloseOptions,
  type CheckedChannelOptions,
} from "./_channel/option_checks.ts";
import type {
  EventChannelCloseOptions,
  EventChannelDisconnectOptions,
  EventChannelOptions,
  EventChannelPublishOptions,
  EventChannelServeOptions,
} from "./_channel/options.ts";
import { Broadcaster } from "./_channel/broadcaster.ts";
import type { StreamCounters } from "./_server/stream_counters.ts";
import { ChannelErrors } from "./_channel/channel_errors.ts";
import { disconnectTopic } from "./_channel/disconnect_topic.ts";
import { publishEvent } from "./_channel/publish_event.ts";
import { type ChannelParts, serveClient } from "./_channel/serve_client.ts";
import { takeCursor } from "./_channel/take_cursor.ts";
import { assertTopic } from "./_channel/topics.ts";
import { makeUnboundError } from "./_channel/unbound_method.ts";
import type { EventChannelStall } from "./_channel/log_follower.ts";
import { tellRejection } from "./_warning.ts";
import type { TypedEventInit } from "./event.ts";

export type { EventChannelClient } from "./_channel/client_callbacks.ts";
export type {
  EventChannelCloseOptions,
  EventChannelDisconnectOptions,
  EventChannelOptions,
  EventChannelPublishOptions,
  EventChannelServeOptions,
} from "./_channel/options.ts";
export type {
  EventGap,
  EventSnapshot,
  EventSnapshotContext,
  SharedEventSnapshot,
} from "./_channel/state_options.ts";
export { TopicSet } from "./_channel/topic_set.ts";
export type { StreamCounters } from "./_server/stream_counters.ts";
export type { EventChannelStall } from "./_channel/log_follower.ts";

/**
 * A channel: an event that is published in it reaches its clients.
 *
 * It begins to follow its log when it first serves a client, and holds timers while
 * it has clients, until it is closed.
 *
 * @example A client that comes back
 * ```ts
 * import { EventChannel } from "@tidings/sse/channel";
 * import { readEvents } from "@tidings/sse/parser";
 * import { assertEquals } from "@std/assert";
 *
 * await using channel = new EventChannel();
 * const id = await channel.publish({ data: "seen" });
 * await channel.publish({ data: "missed" });
 *
 * const headers = { "last-event-id": id };
 * const response = channel.serve(new Request("http://localhost/", { headers }));
 * for await (const event of readEvents(response)) {
 *   assertEquals(event.data, "missed");
 *   break;
 * }
 * ```
 *
 * @typeParam Events What `json` is, by event type; `message` stands for events
 * without a type. Left out, any event may be published.
 */
export class EventChannel<Events = unknown> implements AsyncDisposable {
  readonly #options: CheckedChannelOptions;
  readonly #errors: ChannelErrors;
  readonly #broadcaster: Broadcaster;
  readonly #admission: ChannelAdmission;
  readonly #parts: ChannelParts;
  /** Settles once the channel is closed; set when that begins. */
  #closed: Promise<void> | undefined;

  /**
   * Makes a channel without clients.
   *
   * @param options The log, the limits and the defaults of the channel.
   * @throws {TypeError} If an option is unknown or of the wrong type.
   * @throws {RangeError} If a number is outside its range.
   */
  constructor(options: EventChannelOptions<Events> = {}) {
    // `Events` exists in types only.
    this.#options = checkChannelOptions(options as EventChannelOptions);
    this.#errors = new ChannelErrors(this.#options);
    this.#broadcaster = new Broadcaster(this.#options, this.#errors);
    this.#admission = new ChannelAdmission(this.#options);
    this.#parts = {
      options: this.#options,
      broadcaster: this.#broadcaster,
      admission: this.#admission,
    };
  }

  /** How many clients the channel has. */
  get size(): number {
    return this.#broadcaster.size;
  }

  /**
   * Counts the clients of a topic in this process. Clients with `"all"` do not count.
   *
   * @example Usage
   * ```ts
   * import { EventChannel } from "@tidings/sse/channel";
   * import { assertEquals } from "@std/assert";
   *
   * await using channel = new EventChannel();
   * const request = new Request("http://localhost/");
   * const response = channel.serve(request, { topics: ["room:tea"] });
   *
   * assertEquals(channel.count("room:tea"), 1);
   * await response.body?.cancel();
   * assertEquals(channel.count("room:tea"), 0);
   * ```
   *
   * @param topic The topic.
   * @returns How many clients have the topic.
   * @throws {TypeError} If the topic is not well-formed text.
   * @throws {RangeError} If it is empty, or exceeds a limit of the channel.
   */
  count(topic: string): number {
    if (!(#options in Object(this))) {
      throw makeUnboundError("count clients", this, "count");
    }
    assertTopic("count clients", "topic", topic, this.#options.maxTopicLength);
    return this.#broadcaster.groupIndex.count(topic);
  }

  /** What the channel has done so far: a copy, which does not change. */
  get counters(): StreamCounters {
    return this.#broadcaster.readCounters();
  }

  /**
   * Why no events come from the log, and since when; `undefined` if they do. Clients stay
   * connected meanwhile, and get the events afterwards.
   */
  get stalled(): EventChannelStall | undefined {
    return this.#broadcaster.feed.stall;
  }

  /**
   * Publishes an event.
   *
   * Events keep the order of the calls, also if the calls do not wait for one another.
   * Events of one event loop turn are joined into one chunk. Nothing here waits
   * for a client: a slow client holds up neither the call nor other clients.
   *
   * A call that fails is told once: to `onError`, or as a warning. So its promise may be
   * left alone. After `close()`, only the first call is told.
   *
   * An event that has an `id` keeps it, if the log allows that; see
   * {@linkcode MemoryEventLog} for the IDs that it allows.
   *
   * @example Usage
   * ```ts
   * import { EventChannel } from "@tidings/sse/channel";
   * import { assertMatch } from "@std/assert";
   *
   * await using channel = new EventChannel();
   *
   * const id = await channel.publish({ event: "tick", data: "42" });
   *
   * assertMatch(id, /^[0-9a-f]+-1$/);
   * ```
   *
   * @param event The event.
   * @param options How to publish it.
   * @returns The event's ID, as soon as the log has the event. If it rejects for one of
   * these reasons, no client gets the event: with what `encodeEvent` throws if the event
   * cannot be encoded, as it has a member that is an option, with a `TypeError` if its ID
   * cannot come back in a header, or if an option is unknown, with a
   * `TypeError` or `RangeError` if its topics are not well-formed texts or exceed a
   * limit, with the log's error if the log refuses it, and with an `Error` if the channel
   * is closed.
   */
  publish(
    event: TypedEventInit<Events>,
    options: EventChannelPublishOptions = {},
  ): Promise<string> {
    if (!(#options in Object(this))) {
      return Promise.reject(makeUnboundError("publish event", this));
    }
    if (this.#admission.isClosed) {
      const error = new Error("Cannot publish event: the channel is closed");
      return tellRejection(Promise.reject(error), this.#errors.tellClosed);
    }
    const published = publishEvent(event, options, this.#options);
    return tellRejection(published, this.#errors.tellPublish);
  }

  /**
   * Takes the cursor of the end of the log, for a page that is rendered with the present
   * state in it. The page brings the cursor back by `lastEventIdParameter`, and gets every
   * event that is published after it.
   *
   * Take the cursor first, then read the state. If a change is stored before its event is
   * published, nothing is missed; a change that is stored in between comes once more as
   * an event.
   *
   * @example A page with the state in it
   * ```ts
   * import { EventChannel } from "@tidings/sse/channel";
   * import { readEvents } from "@tidings/sse/parser";
   * import { assertEquals } from "@std/assert";
   *
   * await using channel = new EventChannel();
   * const cursor = await channel.cursor();
   * // Here the state is read, and the page is rendered with it and the cursor.
   * await channel.publish({ data: "changed meanwhile" });
   *
   * const url = `http://localhost/events?after=${encodeURIComponent(cursor)}`;
   * const response = channel.serve(new Request(url), {
   *   lastEventIdParameter: "after",
   * });
   * for await (const event of readEvents(response)) {
   *   assertEquals(event.data, "changed meanwhile");
   *   break;
   * }
   * ```
   *
   * @returns The cursor. It rejects with the log's error if the log cannot tell it, and
   * with an `Error` if the channel is closed.
   */
  cursor(): Promise<string> {
    if (!(#options in Object(this))) {
      return Promise.reject(makeUnboundError("take cursor", this, "cursor"));
    }
    const cursor = takeCursor(this.#options.log, this.#admission.isClosed);
    return tellRejection(cursor, this.#errors.tellCursor);
  }

  /**
   * Ends the streams of a topic, in every process that follows the log. It appends an entry
   * to the log, and the streams that are open when a process sees the entry end. Clients
   * with `"all"` stay.
   *
   * The clients reconnect, and one that is served again gets what it has missed. To sign a
   * user out, first store that, then call this, and answer the user's next request with 204
   * or 401, after which an `EventSource` does not reconnect. With `transaction`, storing and
   * disconnecting are one step.
   *
   * @example A user signs out
   * ```ts
   * import { EventChannel } from "@tidings/sse/channel";
   * import { assertEquals } from "@std/assert";
   *
   * await using channel = new EventChannel();
   * const options = { topics: ["user:ada"] };
   * const response = channel.serve(new Request("http://localhost/"), options);
   * await channel.disconnect("user:ada");
   * await response.text();
   * assertEquals(channel.size, 0);
   * ```
   *
   * @param topic The topic.
   * @param options How to append the entry.
   * @returns The ID of the entry, as soon as the log has it. It rejects with a `TypeError`
   * or `RangeError` if the topic is not well-formed text or exceeds a limit, with the
   * log's error if the log refuses the entry, and with an `Error` if the channel is closed.
   */
  disconnect(
    topic: string,
    options: EventChannelDisconnectOptions = {},
  ): Promise<string> {
    if (!(#options in Object(this))) {
      return Promise.reject(makeUnboundError("disconnect clients", this));
    }
    const ended = disconnectTopic(topic, options, this.#parts);
    return tellRejection(ended, this.#errors.tellDisconnect);
  }

  /**
   * Answers a request with the channel's events after the client's last event ID. A
   * client without one gets what is published from now on, or a `snapshot` first.
   *
   * Some requests get no stream: what `serveEvents` refuses is answered as it does, a
   * client beyond a limit with 503 or 429, and every other request with 204 or 503 once
   * the channel is closed. HEAD gets the status and the headers that GET would get, and
   * is no client.
   *
   * @example Usage
   * ```ts
   * import { EventChannel } from "@tidings/sse/channel";
   * import { assertEquals } from "@std/assert";
   *
   * const channel = new EventChannel();
   * const response = channel.serve(new Request("http://localhost/"));
   * assertEquals(response.headers.get("content-type"), "text/event-stream");
   * assertEquals(channel.size, 1);
   *
   * await channel.close();
   * assertEquals(channel.size, 0);
   * await response.body?.cancel();
   * ```
   *
   * @param request The request to answer.
   * @param options Which events the client gets, and for how long.
   * @returns The response, at once.
   * @throws {TypeError} If `request` is not a `Request`, as that of `node:http` is not, or
   * the method is called without its channel; if an option is unknown or of the wrong
   * type, if there are both `replay` and `snapshot`, and as `serveEvents` does for
   * `headers` and `cors`.
   * @throws {RangeError} If `replay`, `snapshot`, `maxDuration` or `topics` is outside its
   * range, and as `serveEvents` does for `cors`.
   */
  serve(request: Request, options?: EventChannelServeOptions): Response {
    if (!(#options in Object(this))) {
      throw makeUnboundError("serve event channel", this);
    }
    return serveClient(request, options, this.#parts);
  }

  /**
   * Closes the channel: clients that keep up get what is published so far, the streams
   * end, and the log is no longer followed. A slow client resumes elsewhere by its ID.
   *
   * `shutdown()` of `Deno.serve` waits for open responses, so close the channel first. If
   * its clients go to other servers of a load balancer, `retry` spreads their requests.
   *
   * @example Usage
   * ```ts
   * import { EventChannel } from "@tidings/sse/channel";
   * import { assertEquals } from "@std/assert";
   *
   * const channel = new EventChannel();
   * await channel.close({ status: 204 });
   *
   * const response = channel.serve(new Request("http://localhost/"));
   * assertEquals(response.status, 204);
   * ```
   *
   * @param options What clients are told. Only those of the first call count.
   * @returns A promise that is fulfilled once all streams have ended and the log is not
   * read any more.
   * @throws {TypeError} If an option is unknown, or `retry` is not a number.
   * @throws {RangeError} If an option is outside its range.
   */
  close(options: EventChannelCloseOptions = {}): Promise<void> {
    if (!(#options in Object(this))) {
      return Promise.reject(makeUnboundError("close event channel", this));
    }
    this.#admission.close(checkCloseOptions(options));
    this.#closed ??= this.#broadcaster.stop(() =>
      this.#admission.makeFarewell()
    );
    return this.#closed;
  }

  /** Closes the channel, as {@linkcode EventChannel.close} without options. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "EventChannel";
  }
}
