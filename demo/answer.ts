// Copyright 2026 the Tidings authors. MIT license.

/**
 * An answer that is always the same, word by word. It needs no model.
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";

const INTERVAL = 120;
const TEXT = `
A server-sent event is a few lines of text, and a stream of them is one HTTP response that does not end. That is all there is to the format, and it is why it passes through proxies, works with curl and needs no client library in a browser.

What the format leaves open is everything around it. Connections drop while an answer is being written. People reload the page, open it a second time, or close the lid and come back an hour later. A deployment replaces the server in the middle of a sentence.

This answer is a run. The server produces it once, and writes each word to a log before anybody reads it. A page that connects gets the words that are in the log at once and the others as they come. Each word has an ID, and a browser that reconnects sends the last one that it got, so it goes on with the next word: none is lost, and none comes twice.

The run belongs to no request. Close every tab, and it goes on. Stop the server and start it again, and the new one finds in the log how far the old one came, and writes the rest.

So reload this page now, or open it in a second tab, or press the button that drops all connections. You will read this sentence to its end.
`;

/** The words, each with the space or the empty line that follows it. */
const TOKENS = TEXT.trim().match(/\S+\s*/g)!;

/** How many words the whole answer has. */
export const WORDS = TOKENS.length;

/** One word of the answer. */
export interface Word {
  /** Counts the words from 0, so that a receiver notices a missing one. */
  number: number;
  text: string;
  /** Milliseconds since the epoch, when the word was written. */
  time: number;
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
    yield { number, text: wordAt(number), time: Date.now() };
    // This rejects when the run is over, which the run expects and does not report.
    await delay(INTERVAL, undefined, { signal });
  }
}

/** Returns a word, which depends on its number only, so that an answer can be resumed. */
export function wordAt(number: number): string {
  return TOKENS[number] ?? "";
}
