// Copyright 2026 the Tidings authors. MIT license.

/** An invented answer: words without a model, always the same ones. */

import { setTimeout as delay } from "node:timers/promises";

/** Words of the whole answer: a minute of them. */
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
 * Gives the words of the answer at the pace of a model.
 *
 * @param start The number of the first one to give.
 * @param signal Ends it.
 */
export async function* answer(
  start: number,
  signal: AbortSignal,
): AsyncGenerator<Word> {
  for (let number = start; number < WORDS; number++) {
    yield { number, text: wordAt(number) };
    // It rejects once the run is over, and nobody is told of that.
    await delay(INTERVAL, undefined, { signal });
  }
}

/** A word that depends on its number alone, so that the answer can be gone on with. */
export function wordAt(number: number): string {
  // Spreads neighbouring numbers over the vocabulary.
  let hash = Math.imul(number + SEED, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash ^= hash >>> 13;
  // There is one, since the index is below the length.
  const word = VOCABULARY[(hash >>> 0) % VOCABULARY.length]!;
  const isLast = number % SENTENCE === SENTENCE - 1 || number === WORDS - 1;
  const begun = number % SENTENCE === 0
    ? word.charAt(0).toUpperCase() + word.slice(1)
    : word;
  return isLast ? `${begun}.` : begun;
}
