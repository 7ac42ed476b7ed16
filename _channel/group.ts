// Copyright 2026 the Tidings authors. MIT license.

/**
 * A group: subscribers with the same topics, types and `until`, which are handed the same
 * chunks. The group index makes them.
 *
 * @module
 */

import { GroupChunk, type GroupWindows } from "./compressed_sink.ts";
import type { Segment } from "./segment.ts";
import type { Topics } from "./topic_index.ts";
import { TopicSet } from "./topic_set.ts";
import type { Broadcast, Chunk } from "./broadcast.ts";
import { CODEC, type EventCompression } from "../_server/compression.ts";
import type { LoggedEvent } from "../log.ts";

/** Which events a subscriber gets. */
export interface Interest {
  readonly topics: Topics;
  /** The event types that it gets; all if left out. */
  readonly types?: readonly string[] | undefined;
  /** Asked last, for what the topics and types let through; all if left out. */
  readonly filter?: ((event: LoggedEvent) => boolean) | undefined;
  /** Which event is its last, whether it gets that event or not; none if left out. */
  readonly until?: ((event: LoggedEvent) => boolean) | undefined;
}

/** The items that a subscriber gets. */
export interface Choice<T> {
  /** The array that was chosen from, if all of it was chosen. */
  readonly items: readonly T[];
  /** Whether the stream of the subscriber ends after them. */
  readonly isFinal: boolean;
  /** The ID of the event that ends the stream, if the client does not get that event. */
  readonly unsentId: string | undefined;
}

/** A subscriber, as its group sees it. */
export interface GroupMember {
  /** Whether it takes broadcasts. */
  readonly isLive: boolean;
  /**
   * Takes its part of a broadcast. Called while it is live.
   *
   * @param choice What the group gets of the broadcast.
   * @param shared The chunk for streams that are compressed; `undefined` if there are
   * none, or no bytes.
   */
  take(
    chunk: Chunk,
    broadcast: Broadcast,
    choice: Omit<Choice<number>, "items">,
    shared: GroupChunk | undefined,
  ): void;
  /**
   * Takes a comment, if it is live and its stream compressed.
   *
   * @param position The position whose cursor the comment carries, if it carries one.
   */
  shareComment(comment: GroupChunk, position: number | undefined): void;
  /** Ends the stream, since its filter or `until` has thrown. */
  fail(error: unknown): void;
  /** The number of its stream, which grows with each that opens. */
  readonly number: number;
  /** Ends the stream, since an entry of the log with an ID ends those of a topic. */
  disconnect(id: string): void;
}

/** How many groups were made. */
let groups = 0;

/**
 * The subscribers with the same topics, types and `until`. A subscriber with a `filter`
 * is alone in its group. The live ones are handed the same chunk of each broadcast; the
 * others stay in the group while they catch up.
 */
export class Group {
  /** The topics of the subscribers, each once. */
  readonly subscribed: Topics;
  /** The topics whose events have to be looked at: all if there is an `until`. */
  readonly topics: Topics;
  readonly members = new Set<GroupMember>();
  /**
   * The key of the group in the group index; `undefined` if no other subscriber can join.
   */
  readonly key: string | undefined;
  #number = groups++;
  readonly #accepts: ((event: LoggedEvent) => boolean) | undefined;
  readonly #until: ((event: LoggedEvent) => boolean) | undefined;
  /** The topics to look for in an event; made when they are needed. */
  #topicLookup: Pick<Set<string>, "has"> | undefined;
  /** The positions of a segment between which `until` was asked, and named no event. */
  #endless: { segment: number; from: number; to: number } | undefined;
  /**
   * The windows of the compressions, each of which compresses a chunk once. Set by the first
   * subscriber whose stream is compressed.
   */
  #windows: GroupWindows | undefined;

  constructor(interest: Interest, key: string | undefined) {
    const { topics, until } = interest;
    this.key = key;
    this.subscribed = topics === "all" || topics instanceof TopicSet
      ? topics
      : [...new Set(topics)];
    this.topics = until === undefined ? this.subscribed : "all";
    this.#accepts = makeAccepts(interest);
    this.#until = until && ((event) => isEvent(event) && until(event));
  }

  /** The topics of the subscribers, if they may change: the group index follows them. */
  get topicSet(): TopicSet | undefined {
    return this.subscribed instanceof TopicSet ? this.subscribed : undefined;
  }

  /** A number that no other group has. What is cached for the group is cached by it. */
  get number(): number {
    return this.#number;
  }

  /** Has nothing given any more that is cached, since the group's topics have changed. */
  renumber(): void {
    this.#number = groups++;
  }

  /** Whether the group gets every event. */
  get getsAll(): boolean {
    return this.topics === "all" && this.#accepts === undefined;
  }

  /**
   * Whether the group gets an event that has the right topics.
   *
   * @throws What a filter throws.
   */
  accepts(event: LoggedEvent): boolean {
    return isEvent(event) &&
      (this.#accepts === undefined || this.#accepts(event));
  }

  /** Whether the group has an event's topics. */
  hasTopics({ topics }: LoggedEvent): boolean {
    if (this.topics === "all" || topics === undefined) return true;
    const lookup = this.#topicLookup ??= this.topicSet ?? new Set(this.topics);
    return topics.some((topic) => lookup.has(topic));
  }

  /** Whether `until` may end the streams of the group. */
  get mayEnd(): boolean {
    return this.#until !== undefined;
  }

  /**
   * Finds where the streams of the group end in a segment.
   *
   * @returns The position after the first event that `until` names; `undefined` if it names
   * none.
   * @throws What `until` throws.
   */
  findEnd(segment: Segment, from: number): number | undefined {
    const until = this.#until;
    if (until === undefined) return undefined;
    const { end } = segment;
    let start = from;
    const { number: segmentNumber } = segment;
    if (this.#endless?.segment === segmentNumber) {
      const known = this.#endless;
      if (known.from <= from && from <= known.to) {
        start = known.from;
        from = known.to;
      }
    }
    for (; from < end; from++) {
      if (until(segment.eventAt(from))) return from + 1;
    }
    this.#endless = { segment: segmentNumber, from: start, to: end };
    return undefined;
  }

  /**
   * Chooses the items that the group gets, up to its last event, from those with the
   * right topics.
   *
   * @throws What a filter or `until` throws.
   */
  choose<T>(
    items: readonly T[],
    eventOf: (item: T) => LoggedEvent,
  ): Choice<T> {
    const accepts = this.#accepts;
    const until = this.#until;
    const last = until === undefined
      ? -1
      : items.findIndex((item) => until(eventOf(item)));
    const chosen = last === -1 ? items : items.slice(0, last + 1);
    const accepted = accepts === undefined
      ? chosen
      : chosen.filter((item) => accepts(eventOf(item)));
    const final = last === -1 ? undefined : items[last];
    return {
      items: accepted.length === items.length ? items : accepted,
      isFinal: last !== -1,
      unsentId: final === undefined || accepted.at(-1) === final
        ? undefined
        : eventOf(final).id,
    };
  }

  /** Opens the group's window of a compression, unless it is open. */
  openWindow(compression: EventCompression): void {
    const windows = this.#windows ??= new Map();
    if (windows.has(compression)) return;
    windows.set(compression, compression[CODEC].openWindow());
  }

  /**
   * Sends a comment to all live subscribers whose streams are compressed. A stream that
   * wrote a comment of its own could not share the group's next chunks.
   *
   * @param position The position whose cursor the comment carries, if it carries one.
   */
  comment(
    comment: Uint8Array<ArrayBuffer>,
    position: number | undefined,
  ): void {
    const chunk = this.#share(comment);
    if (chunk === undefined) return;
    for (const member of this.members) member.shareComment(chunk, position);
  }

  /** Frees the compression windows. Called when the last subscriber has left. */
  close(): void {
    for (const window of this.#windows?.values() ?? []) window.close();
  }

  /**
   * Hands the live subscribers their chunk of a broadcast.
   *
   * @param part The frames that have the group's topics.
   */
  handOut(broadcast: Broadcast, part: readonly number[]): void {
    let choice: Choice<number>;
    try {
      choice = this.choose(part, (index) => broadcast.eventAt(index));
    } catch (error) {
      for (const member of this.members) member.fail(error);
      return;
    }
    const { items, isFinal } = choice;
    if (items.length === 0 && !isFinal) return;
    let chunk: Chunk | undefined;
    let shared: GroupChunk | undefined;
    for (const member of this.members) {
      if (!member.isLive) continue;
      chunk ??= broadcast.join(items);
      shared ??= this.#share(chunk.bytes);
      member.take(chunk, broadcast, choice, shared);
    }
  }

  #share(bytes: Uint8Array<ArrayBuffer> | undefined): GroupChunk | undefined {
    return this.#windows && bytes && new GroupChunk(bytes, this.#windows);
  }
}

function makeAccepts(
  { topics, types, filter, until }: Interest,
): ((event: LoggedEvent) => boolean) | undefined {
  const tests: ((event: LoggedEvent) => boolean)[] = [];
  const isLive = topics instanceof TopicSet;
  // Topics that may change are looked at once more: a filter that is asked about one event
  // may remove the topic of the next.
  if ((until !== undefined || isLive) && topics !== "all") {
    const subscribed = isLive ? topics : new Set(topics);
    tests.push(({ topics }) =>
      topics === undefined || topics.some((topic) => subscribed.has(topic))
    );
  }
  if (types !== undefined) {
    const received = new Set(types);
    // An event without a type, or with an empty one, is received as "message".
    tests.push(({ event }) => received.has(event || "message"));
  }
  if (filter !== undefined) tests.push(filter);
  if (tests.length === 0) return undefined;
  return (event) => isEvent(event) && tests.every((test) => test(event));
}

/** Whether an entry is an event, and does not end streams. */
function isEvent({ disconnect }: LoggedEvent): boolean {
  return disconnect !== true;
}
