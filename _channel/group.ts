// Copyright 2026 the Tidings authors. MIT license.

/**
 * Clients that get the same.
 *
 * @module
 */

import { GroupChunk } from "./compressed_sink.ts";
import type { Topics } from "./topic_index.ts";
import type { Broadcast, Chunk } from "./broadcast.ts";
import {
  CODEC,
  type CompressionWindow,
  type EventCompression,
} from "../_server/compression.ts";
import type { LoggedEvent } from "../log.ts";

/** What a client wants. */
export interface Interest {
  readonly topics: Topics;
  /** The event types that it gets; all if left out. */
  readonly types?: readonly string[] | undefined;
  /** Asked last; left out, it gets all. */
  readonly filter?: ((event: LoggedEvent) => boolean) | undefined;
  /** Which event is its last, be it one that it gets or not; none if left out. */
  readonly until?: ((event: LoggedEvent) => boolean) | undefined;
}

/** What is chosen for a client. */
export interface Choice<T> {
  /** The very array that was chosen from, if it is all of that. */
  readonly items: readonly T[];
  /** Whether the client's last event was met: its stream ends after this. */
  readonly isFinal: boolean;
}

/** A client, as its group sees it. */
export interface GroupMember {
  /** Whether it takes what is handed out. */
  readonly isLive: boolean;
  /**
   * Takes its part of a broadcast, while it is live.
   *
   * @param shared The chunk's bytes for streams that are compressed; `undefined` if
   * there are none.
   */
  take(
    chunk: Chunk,
    broadcast: Broadcast,
    isFinal: boolean,
    shared: GroupChunk | undefined,
  ): void;
  /**
   * Takes a comment that tells the place at a position, if it is live and its stream
   * compressed.
   */
  shareComment(comment: GroupChunk, position: number | undefined): void;
  /** Ends since its filter has thrown. */
  fail(error: unknown): void;
}

/** How many groups were made. */
let groups = 0;

/**
 * The clients with the same topics, types and `until`, and one by itself for each that
 * has a filter. Those of them that are live are handed the very same chunk in each turn; a
 * client stays in its group while it reads what it has missed.
 */
export class Group {
  /** Tells it from all other groups. */
  readonly number = groups++;
  /** Among which events its clients' are: with `until`, all have to be looked at. */
  readonly topics: Topics;
  readonly members = new Set<GroupMember>();
  /** The group's name among the groups of the channel; `undefined` if nobody can join. */
  readonly key: string | undefined;
  readonly #accepts: ((event: LoggedEvent) => boolean) | undefined;
  readonly #until: ((event: LoggedEvent) => boolean) | undefined;
  /** What is compressed once; set by the first client that has its stream compressed. */
  #window: CompressionWindow | undefined;

  constructor(interest: Interest, key: string | undefined) {
    const { topics, until } = interest;
    const isOpen = topics === "all" || until !== undefined;
    this.key = key;
    this.topics = isOpen ? "all" : [...new Set(topics)];
    this.#accepts = makeAccepts(interest);
    this.#until = until;
  }

  /**
   * Chooses from what has the right topics, up to the clients' last event.
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
    return {
      items: accepted.length === items.length ? items : accepted,
      isFinal: last !== -1,
    };
  }

  /** Opens the window for the streams that are compressed, unless it is open. */
  openWindow(compression: EventCompression): void {
    this.#window ??= compression[CODEC].openWindow();
  }

  /**
   * Sends a comment to all live clients whose streams are compressed: what one of
   * them gets without the others, it cannot share with them. It may tell the place of
   * a position.
   */
  comment(
    comment: Uint8Array<ArrayBuffer>,
    position: number | undefined,
  ): void {
    const chunk = this.#share(comment);
    if (chunk === undefined) return;
    for (const member of this.members) member.shareComment(chunk, position);
  }

  /** Frees what the clients had in common, once there is none. */
  close(): void {
    this.#window?.close();
  }

  /** Hands the live clients those frames of a turn that have the right topics. */
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
      member.take(chunk, broadcast, isFinal, shared);
    }
  }

  #share(bytes: Uint8Array<ArrayBuffer> | undefined): GroupChunk | undefined {
    return this.#window && bytes && new GroupChunk(bytes, this.#window);
  }
}

function makeAccepts(
  { topics, types, filter, until }: Interest,
): ((event: LoggedEvent) => boolean) | undefined {
  const tests: ((event: LoggedEvent) => boolean)[] = [];
  if (until !== undefined && topics !== "all") {
    const wanted = new Set(topics);
    tests.push(({ topics }) =>
      topics === undefined || topics.some((topic) => wanted.has(topic))
    );
  }
  if (types !== undefined) {
    const wanted = new Set(types);
    // An event without a type, or with an empty one, is received as "message".
    tests.push(({ event }) => wanted.has(event || "message"));
  }
  if (filter !== undefined) tests.push(filter);
  if (tests.length <= 1) return tests[0];
  return (event) => tests.every((test) => test(event));
}
