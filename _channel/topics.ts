// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a client may ask for, and what an event may say that it is about.
 *
 * @module
 */

import { assertName } from "../_validate.ts";

/** How many topics there may be, and how long each. */
export interface TopicBounds {
  maxTopics: number;
  /** UTF-16 code units. */
  maxTopicLength: number;
}

/**
 * Checks the `topics` of an event, or of a client that does not get all.
 *
 * @param verb What cannot be done otherwise.
 * @throws {TypeError} If they are no array of well-formed texts.
 * @throws {RangeError} If there are too many of them, or one is empty or too long.
 */
export function checkTopics(
  verb: string,
  topics: readonly string[],
  { maxTopics, maxTopicLength }: TopicBounds,
): void {
  if (!Array.isArray(topics)) {
    throw new TypeError(
      `Cannot ${verb}: "topics" is ${describe(topics)}, an array is wanted`,
    );
  }
  if (topics.length > maxTopics) {
    throw new RangeError(
      `Cannot ${verb}: "topics" has ${topics.length} entries, at most ${maxTopics} are wanted`,
    );
  }
  for (const topic of topics) {
    if (typeof topic !== "string") {
      throw new TypeError(
        `Cannot ${verb}: "topics" has an entry of type ${typeof topic}, texts are wanted`,
      );
    }
    assertName(verb, "topics", topic);
    if (topic !== "" && topic.length <= maxTopicLength) continue;
    throw new RangeError(
      `Cannot ${verb}: "topics" has ${
        describe(topic)
      } of ${topic.length} characters, 1 to ${maxTopicLength} are wanted`,
    );
  }
}

function describe(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, 40))
    : `of type ${value === null ? "null" : typeof value}`;
}
