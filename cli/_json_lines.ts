// Copyright 2026 the Tidings authors. MIT license.

import type { ServerSentEventInit } from "../event.ts";

// `lastEventId` comes with what --json prints; it is not a field of the event.
const MEMBERS = [
  "event",
  "data",
  "json",
  "id",
  "retry",
  "comment",
  "lastEventId",
];

/** An event of the input, or what is wrong with it. */
export type InputEvent = { event: ServerSentEventInit } | { error: string };

/**
 * Reads lines of JSON, of which each is an event. Blank lines are left out.
 *
 * @throws {unknown} What the source fails with, or the signal's reason.
 */
export async function* readJsonLines(
  source: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<InputEvent> {
  for await (const line of readLines(source, signal)) {
    if (line.trim() !== "") yield parseLine(line);
  }
}

/** Not `node:readline`, for which U+2028 ends a line; JSON may hold it. */
async function* readLines(
  source: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  // The DOM library, which dnt checks with, has it take no view of shared memory.
  const decoder = new TextDecoderStream() as ReadableWritablePair<
    string,
    Uint8Array
  >;
  const text = source.pipeThrough(decoder, { signal });
  let rest = "";
  for await (const chunk of text) {
    const [first = "", ...others] = chunk.split("\n");
    rest += first;
    for (const other of others) {
      yield rest;
      rest = other;
    }
  }
  yield rest;
}

function parseLine(line: string): InputEvent {
  const quoted = JSON.stringify(line.slice(0, 40));
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return { error: `the line is ${quoted}, JSON is wanted` };
  }
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    return { error: `the line is ${quoted}, an object is wanted` };
  }
  const unknown = Object.keys(event).find((name) => !MEMBERS.includes(name));
  if (unknown === undefined) return { event };
  return {
    error: `the line has ${JSON.stringify(unknown.slice(0, 40))}, ` +
      "only event, data, json, id, retry and comment are wanted",
  };
}
