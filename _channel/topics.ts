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
  assertTopicCount(verb, topics.length, maxTopics);
  const bad = topics.findIndex((topic) => !isTopic(topic, maxTopicLength));
  if (bad === -1) return;
  assertTopic(verb, `topics[${bad}]`, topics[bad], maxTopicLength);
}

/**
 * Checks how many topics there are.
 *
 * @throws {RangeError} If there are too many.
 */
export function assertTopicCount(
  verb: string,
  count: number,
  maxTopics: number,
): void {
  if (count <= maxTopics) return;
  throw new RangeError(
    describeMismatch(verb, "topics.length", `at most ${maxTopics}`, count),
  );
}

/**
 * Checks one topic.
 *
 * @param name What it is called in an error.
 * @throws {TypeError} If it is no well-formed text.
 * @throws {RangeError} If it is empty or too long.
 */
export function assertTopic(
  verb: string,
  name: string,
  topic: string,
  maxLength: number,
): void {
  if (isTopic(topic, maxLength)) return;
  assertName(verb, name, topic);
  const expected = maxLength === Infinity
    ? "at least 1"
    : `from 1 to ${maxLength}`;
  throw new RangeError(
    describeMismatch(verb, `${name}.length`, expected, topic.length),
  );
}

function isTopic(topic: unknown, maxLength: number): boolean {
  return typeof topic === "string" && topic !== "" &&
    topic.length <= maxLength && topic.isWellFormed();
}
