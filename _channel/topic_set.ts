// Copyright 2026 the Tidings authors. MIT license.

/**
 * Topics that change while streams are open. The application makes a `TopicSet` and
 * changes it; the groups that have it are told by it.
 *
 * @module
 */

import { assertTopic, assertTopicCount, type TopicBounds } from "./topics.ts";
import { describeMismatch } from "../_validate.ts";

/** What is told of each change of a set, when it has been made. */
export interface TopicSetFollower {
  handleTopic(topic: string, isAdded: boolean): void;
}

/** The channel that serves a set. */
export interface TopicSetHome {
  readonly bounds: TopicBounds;
  /**
   * Gives the end of what is followed of the log, once it is followed; `undefined` if the
   * channel is closed before that.
   */
  whenFollowed(): Promise<string | undefined>;
}

/** Binds a set to the channel that serves it. */
let bind: (topics: TopicSet, home: TopicSetHome) => void;
/** The followers of a set. */
let followersOf: (topics: TopicSet) => Set<TopicSetFollower>;

/**
 * The topics of one or more clients, which may change while their streams are open.
 *
 * Serve each client with it that is to change with it, such as all tabs of a user. It
 * counts when an event is handed to a client's stream: once `delete()` has returned,
 * nothing of that topic is handed out any more, also if it was published before. What was
 * handed out already cannot be recalled.
 *
 * A set is served by one channel of one process. The same user has another set in another
 * process, so tell each process of a change.
 *
 * @example Usage
 * ```ts
 * import { EventChannel, TopicSet } from "@tidings/sse/channel";
 * import { readEvents } from "@tidings/sse/parser";
 * import { assertEquals } from "@std/assert";
 *
 * await using channel = new EventChannel();
 * const topics = new TopicSet(["user:ada", "room:milk"]);
 * const request = new Request("http://localhost/");
 * const events = readEvents(channel.serve(request, { topics }));
 *
 * await topics.add("room:tea");
 * topics.delete("room:milk");
 * channel.publish({ data: "Milk?" }, { topics: ["room:milk"] });
 * channel.publish({ data: "Tea?" }, { topics: ["room:tea"] });
 *
 * assertEquals((await events.next()).value?.data, "Tea?");
 * await events.return?.();
 * ```
 */
export class TopicSet implements Iterable<string> {
  readonly #topics: Set<string>;
  readonly #followers = new Set<TopicSetFollower>();
  /** Set by the channel that first serves a client with the topics. */
  #home: TopicSetHome | undefined;

  static {
    bind = (topics, home) => topics.#bind(home);
    followersOf = (topics) => topics.#followers;
  }

  /**
   * Makes a set.
   *
   * @param topics The first topics.
   * @throws {TypeError} If they are not a list or another set of well-formed texts.
   * @throws {RangeError} If one is empty.
   */
  constructor(topics: Iterable<string> = []) {
    const verb = "make topic set";
    if (Object(topics) !== topics || !(Symbol.iterator in topics)) {
      const expected = "a list or a set of texts";
      throw new TypeError(describeMismatch(verb, "topics", expected, topics));
    }
    const list = [...topics];
    for (const [index, topic] of list.entries()) {
      assertTopic(verb, `topics[${index}]`, topic, Infinity);
    }
    this.#topics = new Set(list);
  }

  /** How many topics there are. */
  get size(): number {
    return this.#topics.size;
  }

  /** Whether a topic is in the set. */
  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  /**
   * Adds a topic, at once: what is handed out from now on may be about it.
   *
   * The returned promise gives the cursor from which the topic counts for every client of
   * the set. Read the state of what the topic is about after that: then nothing is missed
   * between the state and the first event. A client that is behind the cursor also gets
   * earlier events of the topic.
   *
   * @example A user enters a room
   * ```ts
   * import { EventChannel, TopicSet } from "@tidings/sse/channel";
   * import { assertEquals } from "@std/assert";
   *
   * await using channel = new EventChannel();
   * const topics = new TopicSet(["user:ada"]);
   * const response = channel.serve(new Request("http://localhost/"), { topics });
   * const id = await channel.publish({ data: "Hello" });
   *
   * const cursor = await topics.add("room:tea");
   * // Here the state of the room is read, and sent to the client.
   *
   * assertEquals(cursor, id);
   * await response.body?.cancel();
   * ```
   *
   * @param topic The topic.
   * @returns The cursor, as soon as the channel follows its log; `undefined` if no client
   * was served with the set so far, or the channel is closed before that.
   * @throws {TypeError} If the topic is not well-formed text.
   * @throws {RangeError} If it is empty, or exceeds a limit of the channel.
   */
  add(topic: string): Promise<string | undefined> {
    const verb = "add topic";
    const bounds = this.#home?.bounds;
    assertTopic(verb, "topic", topic, bounds?.maxTopicLength ?? Infinity);
    if (!this.#topics.has(topic)) {
      if (bounds !== undefined) {
        assertTopicCount(verb, this.#topics.size + 1, bounds.maxTopics);
      }
      this.#topics.add(topic);
      this.#tell(topic, true);
    }
    return this.#home?.whenFollowed() ?? Promise.resolve(undefined);
  }

  /**
   * Removes a topic. Once the method has returned, nothing of it is handed out, unless the
   * event has another topic of the set.
   *
   * @param topic The topic.
   * @returns Whether it was in the set.
   */
  delete(topic: string): boolean {
    const isDeleted = this.#topics.delete(topic);
    if (isDeleted) this.#tell(topic, false);
    return isDeleted;
  }

  /** The topics, in the order in which they were added. */
  [Symbol.iterator](): IterableIterator<string> {
    return this.#topics.values();
  }

  #tell(topic: string, isAdded: boolean): void {
    for (const follower of this.#followers) {
      follower.handleTopic(topic, isAdded);
    }
  }

  #bind(home: TopicSetHome): void {
    const verb = "serve event channel";
    if (this.#home !== undefined && this.#home !== home) {
      throw new TypeError(
        `Cannot ${verb}: expected "topics" to be a TopicSet of this channel, got one of another`,
      );
    }
    const { maxTopics, maxTopicLength } = home.bounds;
    assertTopicCount(verb, this.#topics.size, maxTopics);
    for (const topic of this.#topics) {
      assertTopic(verb, "topics", topic, maxTopicLength);
    }
    this.#home = home;
  }

  /** The name of the class, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "TopicSet";
  }
}

/**
 * Binds a set to the channel that serves a client with it.
 *
 * @throws {TypeError} If it is bound to another channel.
 * @throws {RangeError} If it exceeds a limit of the channel.
 */
export function bindTopicSet(topics: TopicSet, home: TopicSetHome): void {
  bind(topics, home);
}

/** Has a follower told of each change of a set. */
export function followTopicSet(
  topics: TopicSet,
  follower: TopicSetFollower,
): void {
  followersOf(topics).add(follower);
}

/** Ends what {@linkcode followTopicSet} has begun. */
export function leaveTopicSet(
  topics: TopicSet,
  follower: TopicSetFollower,
): void {
  followersOf(topics).delete(follower);
}
