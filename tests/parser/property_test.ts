// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import type { Outcome } from "../support/outcome.ts";
import { RecordingParser } from "../support/outcome.ts";
import { checkProperty, type Random } from "../support/random.ts";
import { interpretStream } from "./_spec_model.ts";

const LINE_ENDS = ["\n", "\r", "\r\n"];

const NAMES = ["data", "data", "data", "event", "id", "retry", ""];

const NEAR_MISSES = [
  ...["dat", "dataa", "Data", "datA", " data", "\ufeffdata", "data\0", "dаta"],
  ...["even", "events", "Event", "i", "ids", "iD", "retr", "retryy", "\0id"],
  ...["x", "\ufffd", "é", "😀", "d", "e", "r", "dat\u0161", "data\u013a"],
];

const SEPARATORS = [":", ": ", ":  ", ":\t", "::", " :", "", " ", ":\0"];

const VALUES = [
  ...[
    "",
    "a",
    " ",
    "0",
    "7",
    "10",
    "2147483648",
    "99999999999999999999",
    "007",
  ],
  ...["1e3", "-1", "1.5", "٣", "1\0", "message", "tick", "data: x", "a:b"],
  ...["é", "語", "😀", "a😀b", "\0", "\ufeff", "\ufffd", "\u2028", "\x85\v\f"],
  "long ".repeat(20),
  "ünïcödé ".repeat(15),
];

// What no encoder writes: alone in a stream, or between its other parts.
const RAW_BYTES = [
  ...[[0x80], [0xbf], [0xc0], [0xc3], [0xe2], [0xf0], [0xf8], [0xfe], [0xff]],
  ...[[0xe2, 0x82], [0xf0, 0x9f], [0xf0, 0x9f, 0x98], [0xef, 0xbb], [0xef]],
  ...[[0xed, 0xa0, 0x80], [0xc0, 0xaf], [0xf4, 0x90, 0x80, 0x80], [0xe0, 0x80]],
  ...[[0xef, 0xbb, 0xbf], [0x00], [0x0a], [0x0d], [0x0d, 0x0a], [0x20], [0x3a]],
];

const ENCODER = new TextEncoder();

Deno.test("EventStreamParser agrees with the model on 20000 random streams of bytes", () => {
  checkProperty(20_000, (random) => {
    const bytes = randomStream(random, randomLength(random));
    const model = interpretStream(bytes);
    const chunkings = [
      [bytes],
      random.cut(bytes, random.pick([1, 2, 5])),
      random.cut(bytes, random.pick([20, 70, 1500])),
    ];
    for (const chunks of chunkings) {
      const parser = new RecordingParser().pushAll(chunks);
      assertSame(parser.outcome, model);
    }
  });
});

Deno.test("EventStreamParser agrees with the model on random streams of text", () => {
  checkProperty(5000, (random) => {
    const bytes = randomStream(random, randomLength(random));
    const model = interpretStream(bytes);
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    for (const longest of [1, 10, 3000]) {
      const parser = new RecordingParser();
      parser.pushAll(random.cut(text, longest));
      assertSame(parser.outcome, model);
    }
  });
});

Deno.test("EventStreamParser agrees with the model after each chunk", () => {
  checkProperty(2000, (random) => {
    const bytes = randomStream(random, 1 + random.below(12));
    const parser = new RecordingParser();
    let pushed = 0;
    for (const chunk of random.cut(bytes, 1 + random.below(12))) {
      parser.push(chunk);
      pushed += chunk.length;
      assertSame(parser.outcome, interpretStream(bytes.subarray(0, pushed)));
    }
  });
});

Deno.test("EventStreamParser agrees with the model across reset()", () => {
  checkProperty(2000, (random) => {
    const parser = new RecordingParser();
    const model: Outcome = interpretStream(new Uint8Array());
    for (let stream = 0; stream < 4; stream++) {
      const bytes = randomStream(random, random.below(20));
      parser.pushAll(random.cut(bytes, 1 + random.below(200)));
      parser.reset();
      const { events, comments, ...state } = interpretStream(bytes, model);
      model.events.push(...events);
      model.comments.push(...comments);
      Object.assign(model, state);
      assertSame(parser.outcome, model);
    }
  });
});

/** Parts in a stream: mostly few, at times enough to fill any buffer. */
function randomLength(random: Random): number {
  if (random.onceIn(500)) return 500 + random.below(1500);
  return random.onceIn(20) ? random.below(150) : random.below(15);
}

function randomStream(random: Random, length: number): Uint8Array {
  const lineEnd = random.pick(LINE_ENDS);
  const hasRawBytes = random.onceIn(3);
  const parts: Uint8Array[] = [];
  if (random.onceIn(4)) parts.push(ENCODER.encode("\ufeff"));
  for (let i = 0; i < length; i++) {
    parts.push(
      hasRawBytes && random.onceIn(4)
        ? Uint8Array.from(random.pick(RAW_BYTES))
        : ENCODER.encode(randomPart(random, lineEnd)),
    );
  }
  return joined(parts);
}

/** Mostly a line with the stream's own line end; now and then any piece of one. */
function randomPart(random: Random, lineEnd: string): string {
  if (random.onceIn(4)) return lineEnd;
  if (random.onceIn(10)) {
    return random.pick(random.pick([LINE_ENDS, NAMES, SEPARATORS, VALUES]));
  }
  return random.pick(random.onceIn(4) ? NEAR_MISSES : NAMES) +
    (random.onceIn(3) ? random.pick(SEPARATORS) : ": ") +
    random.pick(VALUES) +
    (random.onceIn(10) ? random.pick(LINE_ENDS) : lineEnd);
}

function joined(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(
    parts.reduce((sum, part) => sum + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** assertEquals() walks the objects slowly, so it is for what is not the same. */
function assertSame(actual: Outcome, expected: Outcome): void {
  if (textOf(actual) !== textOf(expected)) assertEquals(actual, expected);
}

function textOf(outcome: Outcome): string {
  return JSON.stringify(outcome, (_, value) => value ?? null);
}
