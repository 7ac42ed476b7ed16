// Copyright 2026 the Tidings authors. MIT license.

/**
 * An invented answer. It needs no model, and its words are always the same.
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";

/** How many words the whole answer has: one minute. */
export const WORDS = 750;
const INTERVAL = 80;
const SEED = 15;
const SENTENCE = 11;
const NOUNS =
  "letter river harbour lamp winter baker signal bridge garden ship";
const VERBS = "carries follows leaves remembers meets keeps hears crosses";
const REST = "slowly again the a an old quiet late tomorrow by near with and";
const VOCABULARY = `${NOUNS} ${VERBS} ${REST} ${REST}`.split(" ");

/** One word of the answer. */
export interface Word {
  /** Counts the words from 0, so that a receiver notices a missing one. */
  number: number;
  text: string;
}

/**
 * Yields the words of the answer at the pace of a model.
 *
 * @param start The number of the first word to yield.
 * @param signal Ends the answer.
 */
export async function* answer(
  start: number,
  signal: AbortSignal,
): AsyncGenerator<Word> {
  for (let number = start; number < WORDS; number++) {
    yield { number, text: wordAt(number) };
    // This rejects when the run is over, which the run expects and does not report.
    await delay(INTERVAL, undefined, { signal });
  }
}

/** Returns a word that depends on its number only, so that an answer can be resumed. */
export function wordAt(number: number): string {
  // Spreads neighbouring numbers over the vocabulary.
  let hash = Math.imul(number + SEED, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash ^= hash >>> 13;
  // Cannot fail: the index is below the length.
  const word = VOCABULARY[(hash >>> 0) % VOCABULARY.length]!;
  const isLast = number % SENTENCE === SENTENCE - 1 || number === WORDS - 1;
  const begun = number % SENTENCE === 0
    ? word.charAt(0).toUpperCase() + word.slice(1)
    : word;
  return isLast ? `${begun}.` : begun;
}
