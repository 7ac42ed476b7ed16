// Copyright 2026 the Tidings authors. MIT license.

/**
 * Event streams that stay within `maxEventSize` and cost as much memory as they can.
 * `memory_test.ts` reads them in processes with a small heap.
 */

import {
  EventStreamError,
  EventStreamParser,
  readEvents,
} from "../../parser.ts";

/** How a stream ends: refused, or after so many events with so many units of data. */
export type Outcome = "event-too-large" | { events: number; length: number };

/** One stream. */
export interface HostileStream {
  /** Its text: each part so many times, 1 unless told. */
  readonly parts: readonly (readonly [text: string, times?: number])[];
  /** Bytes of a chunk, about; at least one text. As text, each text is pushed by itself. */
  readonly chunk: number | "text";
  readonly outcome: Outcome;
}

const MAX_EVENT_SIZE = 2 ** 24;
const KIB = 2 ** 10;
const MIB = 2 ** 20;
const TOO_LARGE = "event-too-large";
const ENCODER = new TextEncoder();

/** The streams by what they are. */
export const HOSTILE_STREAMS: Readonly<Record<string, HostileStream>> = {
  "data lines without a colon": {
    parts: [["data\n", 17 * MIB]],
    chunk: 64 * KIB,
    outcome: TOO_LARGE,
  },
  "data lines without a colon, that fit": {
    parts: [["data\n", MAX_EVENT_SIZE - 2], ["\n"]],
    chunk: 64 * KIB,
    outcome: { events: 1, length: MAX_EVENT_SIZE - 3 },
  },
  "data lines without a colon, in large chunks": {
    parts: [["data\n", 17 * MIB]],
    chunk: 4 * MIB,
    outcome: TOO_LARGE,
  },
  "data lines without a colon, in large pieces of text": {
    parts: [["data\n".repeat(2 * MIB), 9]],
    chunk: "text",
    outcome: TOO_LARGE,
  },
  "data lines of one character": {
    parts: [["data:x\n", 9 * MIB]],
    chunk: 16 * KIB,
    outcome: TOO_LARGE,
  },
  "data lines of one character of two bytes": {
    parts: [["data:語\n", 9 * MIB]],
    chunk: 16 * KIB,
    outcome: TOO_LARGE,
  },
  "data lines in a large chunk that ends a long line": {
    parts: [
      [`:${"x".repeat(16 * KIB)}`],
      [`\n${"data\n".repeat(3 * MIB)}:${"x".repeat(64 * KIB)}`, 6],
    ],
    chunk: 64 * KIB,
    outcome: TOO_LARGE,
  },
  "data lines of 13 characters between long comments": {
    parts: [[`data:1234567890123\n:${"x".repeat(15 * KIB)}\n`, 16 * KIB], [
      "\n",
    ]],
    chunk: 64 * KIB,
    outcome: { events: 1, length: 14 * 16 * KIB - 1 },
  },
  "data lines of 13 characters, each in a large chunk": {
    parts: [
      [
        `:${"x".repeat(16 * KIB)}\ndata:1234567890123\n:${"x".repeat(MIB)}\n`,
        200,
      ],
      ["\n"],
    ],
    chunk: 64 * KIB,
    outcome: { events: 1, length: 14 * 200 - 1 },
  },
  "a line in pieces of text of one character": {
    parts: [["data:"], ["x", 17 * MIB]],
    chunk: "text",
    outcome: TOO_LARGE,
  },
  "a field name in chunks of 16 bytes": {
    parts: [["x", 17 * MIB]],
    chunk: 16,
    outcome: TOO_LARGE,
  },
  "an unknown field of characters of two bytes, in chunks of 66 bytes": {
    parts: [["unknown:"], ["語", 17 * MIB]],
    chunk: 66,
    outcome: TOO_LARGE,
  },
  "a line of characters of two bytes, that fits": {
    parts: [["data:"], ["語", MAX_EVENT_SIZE - 5], ["\n\n"]],
    chunk: 64 * KIB,
    outcome: { events: 1, length: MAX_EVENT_SIZE - 5 },
  },
  "an event type, an ID and data after a last event ID, each nearly of the limit":
    {
      parts: ["\n\nevent:", "\nid:", "\ndata:", "\n\n"].flatMap((next, index) =>
        [
          [index === 0 ? "id:" : ""],
          ["語", 15 * MIB],
          [next],
        ] as const
      ),
      chunk: 64 * KIB,
      outcome: TOO_LARGE,
    },
};

/** Reads a stream by a parser, in chunks that are made when they are due. */
export function parse(stream: HostileStream): Outcome {
  const outcome = { events: 0, length: 0 };
  const parser = new EventStreamParser(({ data }) => {
    outcome.events++;
    // Joins a rope, as reading it does.
    data.charCodeAt(0);
    outcome.length += data.length;
  });
  try {
    for (const chunk of chunksOf(stream)) parser.push(chunk);
    return outcome;
  } catch (error) {
    return describe(error);
  }
}

/** Reads a response to its end. */
export async function read(response: Response): Promise<Outcome> {
  const outcome = { events: 0, length: 0 };
  try {
    for await (const { data } of readEvents(response)) {
      outcome.events++;
      outcome.length += data.length;
    }
    return outcome;
  } catch (error) {
    return describe(error);
  }
}

function describe(error: unknown): Outcome {
  if (error instanceof EventStreamError) return error.code as Outcome;
  throw error;
}

function* chunksOf(
  { parts, chunk }: HostileStream,
): Generator<Uint8Array | string> {
  for (const [text, times = 1] of parts) {
    if (chunk === "text") {
      for (let i = 0; i < times; i++) yield text;
      continue;
    }
    const bytes = ENCODER.encode(text);
    const perChunk = Math.min(
      Math.max(Math.floor(chunk / bytes.length), 1),
      times,
    );
    const repeated = new Uint8Array(bytes.length * perChunk);
    for (let i = 0; i < perChunk; i++) repeated.set(bytes, i * bytes.length);
    let left = times;
    for (; left >= perChunk; left -= perChunk) yield repeated;
    yield repeated.subarray(0, left * bytes.length);
  }
}
