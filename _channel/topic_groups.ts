// Copyright 2026 the Tidings authors. MIT license.

/**
 * Keeps, for each topic, its groups and the number of their clients. The group index
 * tells it of each change, and asks it which groups an event is for.
 *
 * @module
 */

import type { Group } from "./group.ts";

/** What is known of a topic. */
interface TopicEntry {
  /** Most topics have one group, which needs no set. `undefined` if there is none. */
  groups: Group | Set<Group> | undefined;
  /** The members of the groups. */
  clients: number;
}

/** Topics without a group that may stay, however few others there are. */
const MAX_EMPTY = 64;

/** The groups by their topics. A change of a topic looks at no other topic. */
export class TopicGroups {
  /**
   * An entry stays for a while when its last group leaves. A client that enters a room
   * and leaves it would otherwise have the entry made and deleted each time, and a `Map`
   * keeps what was deleted in its chains: with 10 000 other topics, a lookup of a topic
   * that comes and goes took some hundred microseconds.
   */
  #entries = new Map<string, TopicEntry>();
  /** How many entries have no group. */
  #empty = 0;

  /** How many entries there are: the topics with groups, and some without. */
  get size(): number {
    return this.#entries.size;
  }

  /** Adds a group to a topic, with so many members. */
  add(topic: string, group: Group, clients: number): void {
    const entry = this.#entries.get(topic);
    if (entry === undefined) {
      this.#entries.set(topic, { groups: group, clients });
      return;
    }
    const { groups } = entry;
    entry.clients += clients;
    if (groups instanceof Set) {
      groups.add(group);
    } else if (groups === undefined) {
      this.#empty--;
      entry.groups = group;
    } else {
      entry.groups = new Set([groups, group]);
    }
  }

  /** Removes a group, which has so many members, from a topic to which it was added. */
  remove(topic: string, group: Group, clients: number): void {
    // The group was added, so there is an entry.
    const entry = this.#entries.get(topic)!;
    const { groups } = entry;
    entry.clients -= clients;
    if (groups instanceof Set) {
      groups.delete(group);
      if (groups.size === 1) [entry.groups] = groups;
      return;
    }
    entry.groups = undefined;
    this.#empty++;
    if (this.#empty > Math.max(MAX_EMPTY, this.size / 2)) this.#sweep();
  }

  /** Notes that clients of a group of a topic have come, or left if it is negative. */
  change(topic: string, clients: number): void {
    // The group was added, so there is an entry.
    this.#entries.get(topic)!.clients += clients;
  }

  /** How many clients a topic has. */
  count(topic: string): number {
    return this.#entries.get(topic)?.clients ?? 0;
  }

  /** The groups of a topic. */
  groupsOf(topic: string): Iterable<Group> {
    const groups = this.#entries.get(topic)?.groups;
    if (groups === undefined) return [];
    return groups instanceof Set ? groups : [groups];
  }

  /** Drops the entries without a group. A new map has none of them in its chains. */
  #sweep(): void {
    const entries = new Map<string, TopicEntry>();
    for (const [topic, entry] of this.#entries) {
      if (entry.groups !== undefined) entries.set(topic, entry);
    }
    this.#entries = entries;
    this.#empty = 0;
  }
}
