// Copyright 2026 the Tidings authors. MIT license.

/**
 * Keeps the groups of each topic, and the number of their clients. The group index calls it
 * for each change, and to find the groups of an event.
 *
 * @module
 */

import type { Group } from "./group.ts";

/** The groups and clients of a topic. */
interface TopicEntry {
  /** Most topics have one group, which needs no set. `undefined` if there is none. */
  groups: Group | Set<Group> | undefined;
  /** The members of the groups. */
  clients: number;
}

/** The number of topics without a group up to which none of them is dropped. */
const MAX_EMPTY = 64;

/** The groups by their topics. The cost of a change does not grow with other topics. */
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

  /** Adds a group to a topic. `clients` is the number of its members. */
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

  /** Removes a group from a topic. `clients` is the number of its members. */
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

  /** Adds to the number of a topic's clients; a negative number takes away. */
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

  /** Moves the entries with a group to a new map, whose chains have no deleted entries. */
  #sweep(): void {
    const entries = new Map<string, TopicEntry>();
    for (const [topic, entry] of this.#entries) {
      if (entry.groups !== undefined) entries.set(topic, entry);
    }
    this.#entries = entries;
    this.#empty = 0;
  }
}
