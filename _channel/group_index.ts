// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds the groups that a broadcast is for. A broadcast costs as much as is delivered:
 * groups with other topics are not looked at.
 *
 * @module
 */

import { Group, type GroupMember, type Interest } from "./group.ts";
import type { Broadcast } from "./broadcast.ts";
import { TopicGroups } from "./topic_groups.ts";
import {
  followTopicSet,
  leaveTopicSet,
  TopicSet,
  type TopicSetFollower,
} from "./topic_set.ts";

/** The groups of a channel, by their topics. */
export class GroupIndex {
  readonly #groups = new Set<Group>();
  /** The groups that other subscribers can join. */
  readonly #byKey = new Map<string, Group>();
  readonly #byTopic = new TopicGroups();
  /** The groups that get every event. */
  readonly #everything = new Set<Group>();
  /** What follows the topics of groups, if they may change. */
  readonly #followers = new Map<Group, TopicSetFollower>();

  /** Adds a subscriber, and returns its group. */
  join(interest: Interest, member: GroupMember): Group {
    const key = keyOf(interest);
    let group = key === undefined ? undefined : this.#byKey.get(key);
    if (group === undefined) {
      group = new Group(interest, key);
      group.members.add(member);
      this.#add(group);
    } else {
      group.members.add(member);
      this.#change(group, 1);
    }
    return group;
  }

  /** Removes a subscriber from its group. */
  leave(group: Group, member: GroupMember): void {
    group.members.delete(member);
    if (group.members.size > 0) return this.#change(group, -1);
    this.#remove(group);
    group.close();
  }

  /** How many subscribers have a topic. Those that get every event are not counted. */
  count(topic: string): number {
    return this.#byTopic.count(topic);
  }

  /** Finds the subscribers of some topics, each once. */
  findMembers(topics: readonly string[]): Set<GroupMember> {
    const found = new Set<GroupMember>();
    for (const topic of topics) {
      for (const { members } of this.#byTopic.groupsOf(topic)) {
        for (const member of members) found.add(member);
      }
    }
    return found;
  }

  /** Hands each group its part of a broadcast. */
  handOut(broadcast: Broadcast): void {
    for (const group of this.#everything) {
      group.handOut(broadcast, broadcast.all);
    }
    const parts = this.#findParts(broadcast);
    if (broadcast.common.length > 0) {
      for (const group of this.#groups) {
        if (group.topics === "all") continue;
        const part = parts.get(group);
        group.handOut(
          broadcast,
          part ? merge(part, broadcast.common) : broadcast.common,
        );
      }
    } else {
      for (const [group, part] of parts) group.handOut(broadcast, part);
    }
  }

  /** Finds the frames that each group gets because of its topics. */
  #findParts({ frames }: Broadcast): Map<Group, number[]> {
    const parts = new Map<Group, number[]>();
    for (const [index, { event }] of frames.entries()) {
      for (const topic of event.topics ?? []) {
        for (const group of this.#byTopic.groupsOf(topic)) {
          // A group with `"all"` gets all events of the broadcast.
          if (group.topics === "all") continue;
          const part = parts.get(group);
          if (part === undefined) parts.set(group, [index]);
          // The event may share several topics with the group.
          else if (part.at(-1) !== index) part.push(index);
        }
      }
    }
    return parts;
  }

  #add(group: Group): void {
    this.#groups.add(group);
    if (group.key !== undefined) this.#byKey.set(group.key, group);
    this.#follow(group);
    if (group.topics === "all") this.#everything.add(group);
    const { size } = group.members;
    for (const topic of listTopics(group)) {
      this.#byTopic.add(topic, group, size);
    }
  }

  /** Removes a group. Called when its last member has left. */
  #remove(group: Group): void {
    this.#groups.delete(group);
    if (group.key !== undefined) this.#byKey.delete(group.key);
    const follower = this.#followers.get(group);
    if (group.topicSet !== undefined && follower !== undefined) {
      leaveTopicSet(group.topicSet, follower);
      this.#followers.delete(group);
    }
    if (group.topics === "all") this.#everything.delete(group);
    for (const topic of listTopics(group)) {
      this.#byTopic.remove(topic, group, 1);
    }
  }

  /** Adds to the number of a group's members; a negative number takes away. */
  #change(group: Group, members: number): void {
    for (const topic of listTopics(group)) this.#byTopic.change(topic, members);
  }

  #follow(group: Group): void {
    if (group.topicSet === undefined) return;
    const follower: TopicSetFollower = {
      handleTopic: (topic, isAdded) => {
        group.renumber();
        const { size } = group.members;
        if (isAdded) this.#byTopic.add(topic, group, size);
        else this.#byTopic.remove(topic, group, size);
      },
    };
    this.#followers.set(group, follower);
    followTopicSet(group.topicSet, follower);
  }
}

/** The topics that the members of a group were served with; none if they get all. */
function listTopics({ subscribed }: Group): Iterable<string> {
  return subscribed === "all" ? [] : subscribed;
}

/** The key of subscribers that have no topics, and say nothing else: most of them. */
const NO_TOPICS = "[[],null,null]";

/** Numbers for functions and topic sets, which tell them apart in a key. */
const numbers = new WeakMap<object, number>();
let nextNumber = 0;

/**
 * Makes the key that subscribers of the same group have in common; `undefined` for a
 * subscriber that is alone in its group.
 */
function keyOf(
  { topics, types, filter, until }: Interest,
): string | undefined {
  if (filter !== undefined) return undefined;
  const isPlain = types === undefined && until === undefined;
  if (isPlain && Array.isArray(topics) && topics.length === 0) return NO_TOPICS;
  return JSON.stringify([
    topics === "all"
      ? topics
      : topics instanceof TopicSet
      ? numberOf(topics)
      : sortOnce(topics),
    types === undefined ? null : sortOnce(types),
    until === undefined ? null : numberOf(until),
  ]);
}

function numberOf(value: object): number {
  let number = numbers.get(value);
  if (number === undefined) {
    number = nextNumber++;
    numbers.set(value, number);
  }
  return number;
}

function sortOnce(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort();
}

function merge(part: readonly number[], other: readonly number[]): number[] {
  return [...part, ...other].sort((a, b) => a - b);
}
