// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks topics: those that a client is served, and those of an event that is published.
 *
 * @module
 */

import { assertName, describeMismatch } from "../_validate.ts";

/** The most topics, and the longest. */
export interface TopicBounds {
  maxTopics: number;
  /** UTF-16 code units. */
  maxTopicLength: number;
}

/**
 * Checks the topics of an event, or of a client that does not get all.
 *
 * @param verb What fails otherwise.
 * @throws {TypeError} If they are not an array of well-formed texts.
 * @throws {RangeError} If there are too many topics, or one is empty or too long.
 */
export function checkTopics(
  verb: string,
  topics: readonly string[],
  { maxTopics, maxTopicLength }: TopicBounds,
): void {
  if (!Array.isArray(topics)) {
    throw new TypeError(describeMismatch(verb, "topics", "an array", topics));
  }
  if (topics.length > maxTopics) {
    throw new RangeError(
      describeMismatch(
        verb,
        "topics.length",
        `at most ${maxTopics}`,
        topics.length,
      ),
    );
  }
  const bad = topics.findIndex((topic) => !isTopic(topic, maxTopicLength));
  if (bad === -1) return;
  const name = `topics[${bad}]`;
  assertName(verb, name, topics[bad]);
  throw new RangeError(
    describeMismatch(
      verb,
      `${name}.length`,
      `from 1 to ${maxTopicLength}`,
      topics[bad].length,
    ),
  );
}

function isTopic(topic: unknown, maxLength: number): boolean {
  return typeof topic === "string" && topic !== "" &&
    topic.length <= maxLength && topic.isWellFormed();
}
