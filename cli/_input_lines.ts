// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads events from lines, of JSON as `--json` prints them, or of text. `serve` reads its
 * standard input by it.
 *
 * @module
 */

import { quote } from "../_validate.ts";
import type { ServerSentEventInit } from "../event.ts";

// `--json` prints `lastEventId` as well; it is not a field of the event.
const MEMBERS = [
  "event",
  "data",
  "json",
  "id",
  "retry",
  "comment",
  "lastEventId",
];

/**
 * UTF-16 code units that a line may have: input without an end of line would fill the
 * memory. With its other fields it is an event that a client takes by default.
 */
const MAX_LINE_LENGTH = 16_000_000;

/** An event of the input, or what is wrong with it. */
export type InputEvent = { event: ServerSentEventInit } | { error: string };

const TOO_LONG: InputEvent = {
  error: `expected a line of at most ${MAX_LINE_LENGTH} characters`,
};

/**
 * Reads lines of JSON; each line is an event. Blank lines are left out.
 *
 * @param source The lines, in UTF-8.
 * @param signal Ends the reading.
 * @throws {unknown} What the source fails with, or the signal's reason.
 */
export async function* readJsonLines(
  source: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<InputEvent> {
  for await (const line of readLines(source, signal)) {
    if (line === undefined) yield TOO_LONG;
    else if (line.trim() !== "") yield parseLine(line);
  }
}

/**
 * Reads lines of text; each line is the data of an event. Empty lines are left out: no
 * client dispatches an event without data.
 *
 * @param source The lines, in UTF-8.
 * @param event The type of the events.
 * @param signal Ends the reading.
 * @throws {unknown} What the source fails with, or the signal's reason.
 */
export async function* readTextLines(
  source: ReadableStream<Uint8Array>,
  event: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<InputEvent> {
  for await (const line of readLines(source, signal)) {
    if (line === undefined) yield TOO_LONG;
    else {
      const data = line.replace(/\r$/, "");
      if (data !== "") yield { event: { event, data } };
    }
  }
}

/**
 * Reads lines, `undefined` for one that is too long. `node:readline` would end a line at
 * U+2028, which JSON may hold.
 */
async function* readLines(
  source: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string | undefined> {
  // The DOM library, which dnt checks with, has it take no view of shared memory.
  const decoder = new TextDecoderStream() as ReadableWritablePair<
    string,
    Uint8Array
  >;
  const text = source.pipeThrough(decoder, { signal });
  // Undefined once the line is too long, until its end.
  let rest: string | undefined = "";
  for await (const chunk of text) {
    const [first = "", ...others] = chunk.split("\n");
    if (rest !== undefined) rest = limit(rest + first);
    for (const other of others) {
      yield rest;
      rest = limit(other);
    }
  }
  yield rest;
}

function limit(line: string): string | undefined {
  return line.length > MAX_LINE_LENGTH ? undefined : line;
}

function parseLine(line: string): InputEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return { error: `expected the line to be JSON, got ${quote(line)}` };
  }
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    return { error: `expected the line to be an object, got ${quote(line)}` };
  }
  const unknown = Object.keys(event).find((name) => !MEMBERS.includes(name));
  if (unknown === undefined) return { event };
  return {
    error:
      "expected only event, data, json, id, retry and comment in the line, " +
      `got ${quote(unknown)}`,
  };
}
