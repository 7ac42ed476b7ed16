// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertLessOrEqual, fail } from "@std/assert";
import { RecordingParser } from "../support/outcome.ts";
import { EventStreamParser } from "../../parser.ts";

const ENCODER = new TextEncoder();

// Lines and chunks of the lengths at which a parser's buffers are full, or nearly.
const LENGTHS = [63, 64, 65, 1023, 1024, 1025, 8191, 8192, 8193, 40_000];

for (
  const [what, character] of Object.entries({
    "ASCII": "x",
    "characters of two bytes": "é",
    "characters of four bytes": "😀",
    "ASCII and one other character": "xxxxxxxxxxxxxxxxxxxxx語",
  })
) {
  Deno.test(`EventStreamParser reads long lines of ${what} in chunks of each size`, () => {
    const lines = LENGTHS.map((length) =>
      character.repeat(Math.ceil(length / character.length)).slice(0, length)
        .toWellFormed()
    );
    for (const lineEnd of ["\n", "\r", "\r\n"]) {
      const blocks = lines.map((line) => `data: ${line}${lineEnd}${lineEnd}`);
      const bytes = ENCODER.encode(blocks.join(""));
      for (const size of [1, 7, ...LENGTHS, bytes.length]) {
        const parser = new RecordingParser();
        for (let at = 0; at < bytes.length; at += size) {
          parser.push(bytes.subarray(at, at + size));
        }
        assertEquals(parser.data, lines, `chunks of ${size}`);
      }
    }
  });
}

Deno.test("EventStreamParser reads many lines of data in one large chunk", () => {
  const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at}`);
  const block = lines.map((line) => `data: ${line}\n`).join("");
  const parser = new RecordingParser();

  parser.push(ENCODER.encode(`${block}\n${block}\n`));

  assertEquals(parser.data, [lines.join("\n"), lines.join("\n")]);
});

for (
  const { what, line, longest } of [
    { what: "ASCII", line: "data: x\n", longest: 15 * 1024 },
    { what: "other characters", line: "data: é\n", longest: 8 * 1024 },
  ]
) {
  Deno.test(`EventStreamParser keeps the text that a slice of a large chunk retains short: ${what}`, () => {
    const lengths: number[] = [];
    const { decode } = TextDecoder.prototype;
    TextDecoder.prototype.decode = function (...input): string {
      const text = decode.apply(this, input);
      lengths.push(text.length);
      return text;
    };
    try {
      const parser = new EventStreamParser(() => {});
      // The first one shows what the text is like.
      parser.push(ENCODER.encode(line.repeat(10)));
      parser.push(ENCODER.encode(line.repeat(40_000)));
    } finally {
      TextDecoder.prototype.decode = decode;
    }

    assertEquals(
      lengths.reduce((sum, length) => sum + length),
      40_010 * line.length,
    );
    assertLessOrEqual(Math.max(...lengths), longest + line.length);
  });
}

// The same bytes, once as many short streams and once as a long one: it may take
// somewhat longer, for what it holds leaves the caches. A parser that looks at each
// byte again with each chunk or line would take as many times longer as there are
// short streams.
const STREAMS = 64;
const STEEPEST = 12;

for (
  const { what, length, size, begin = "", piece, end = "" } of [
    {
      what: "one line in chunks of 16 bytes",
      length: 2 ** 16,
      size: 16,
      begin: "data: ",
      piece: "x",
    },
    {
      what: "one line of other characters in chunks of 16 bytes",
      length: 2 ** 16,
      size: 16,
      begin: "data: ",
      piece: "é",
    },
    {
      what: "one line in chunks of 16 KiB",
      length: 2 ** 19,
      size: 2 ** 14,
      begin: "data: ",
      piece: "x",
    },
    {
      what: "one comment in chunks of 16 bytes",
      length: 2 ** 16,
      size: 16,
      begin: ":",
      piece: "x",
    },
    {
      what: "one block of many lines in chunks of 16 bytes",
      length: 2 ** 16,
      size: 16,
      piece: "data: x\n",
    },
    {
      what: "one block of lines without a value in chunks of 16 KiB",
      length: 2 ** 17,
      size: 2 ** 14,
      piece: "data\n",
    },
    {
      what: "short events with LF in one chunk",
      length: 2 ** 18,
      size: Infinity,
      piece: "data: x\n\n",
    },
    {
      what: "short events with CR in one chunk",
      length: 2 ** 18,
      size: Infinity,
      piece: "data: x\r\r",
    },
    {
      what: "short events with LF in one chunk, a CR at its end",
      length: 2 ** 18,
      size: Infinity,
      piece: "data: x\n\n",
      end: "\r",
    },
    {
      what: "short events with CR in one chunk, a LF at its end",
      length: 2 ** 18,
      size: Infinity,
      piece: "data: x\r\r",
      end: "\n",
    },
  ]
) {
  Deno.test(`EventStreamParser takes linear time for ${what}`, () => {
    const streamOf = (length: number): Uint8Array[] => {
      const body = piece.repeat(
        Math.floor(length / ENCODER.encode(piece).length),
      );
      const bytes = ENCODER.encode(begin + body + end);
      const chunks = [];
      for (let at = 0; at < bytes.length; at += size) {
        chunks.push(bytes.subarray(at, at + size));
      }
      return chunks;
    };
    const short = Array<Uint8Array[]>(STREAMS).fill(streamOf(length));
    const long = [streamOf(STREAMS * length)];

    // Another process may take the processor away at any time, so only what is too
    // slow in each of some rounds fails.
    const times: string[] = [];
    for (let round = 0; round < 5; round++) {
      const [shortTime, longTime] = [timeToParse(short), timeToParse(long)];
      if (longTime < STEEPEST * shortTime) return;
      times.push(`${shortTime} ms became ${longTime} ms`);
    }
    fail(times.join(", "));
  });
}

/** Milliseconds for streams, the last line of each of which then ends. */
function timeToParse(streams: Uint8Array[][]): number {
  const parser = new EventStreamParser(() => {}, { maxEventSize: Infinity });
  const start = performance.now();
  for (const chunks of streams) {
    for (const chunk of chunks) parser.push(chunk);
    parser.push("\n\n");
  }
  return performance.now() - start;
}
