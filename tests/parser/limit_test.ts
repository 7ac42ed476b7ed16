// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventStreamError, EventStreamParser } from "../../parser.ts";
import { everyCut, RecordingParser } from "../support/outcome.ts";
import { checkProperty } from "../support/random.ts";

const ENCODER = new TextEncoder();

// Each row has exactly 20 code units pending at the place marked by "|": the data
// gathered so far, without the field names, and the line that is still open.
for (
  const [what, stream] of Object.entries({
    "a line of data": "data: 12345678901234|\n\n",
    "a line of data after others": "data: 1234\ndata: 67\ndata:  234567|\n\n",
    "a line after empty lines of data":
      "data\ndata\ndata\ndata: 678901234567|\n",
    "a line after a finished event":
      "data: 1234567\n\ndata: 12345678901234|\n\n",
    "a comment": ": 345678901234567890|\n",
    "a comment in a block": "data: 1234\n: 34567890123456|\n\n",
    "an unknown field": "unknown: 01234567890|\n",
    "a name without a colon": "12345678901234567890|\n",
    "an event type": "event: 8901234567890|\n\n",
    "an id": "id: 56789012345678 0|\n\n",
    "a retry": "retry: 0000000000010|\n\n",
    "characters of two bytes": "data: éééééééééééééé|\n\n",
    "characters of two code units": "data: 😀😀😀😀😀😀😀|\n\n",
    "invalid bytes": "data: \ufffd\ufffd\ufffd\ufffd\ufffd\ufffd45678901|\n\n",
  })
) {
  const [before = "", after = ""] = stream.split("|");

  Deno.test(`EventStreamParser takes ${what} of just maxEventSize`, () => {
    const text = before + after;
    const { outcome } = new RecordingParser().pushAll([text]);
    for (const { name, chunks } of bytesAndText(text)) {
      const parser = new RecordingParser({ maxEventSize: 20 }).pushAll(chunks);
      assertEquals(parser.outcome, outcome, name);
    }
  });

  Deno.test(`EventStreamParser refuses ${what} of one more than maxEventSize`, () => {
    // The line need not end, and its end does not save it.
    for (const text of [before + "1", before + "1" + after]) {
      for (const { name, chunks } of bytesAndText(text)) {
        const parser = new RecordingParser({ maxEventSize: 20 });
        assertTooLarge(() => parser.pushAll(chunks), name);
      }
    }
  });
}

Deno.test("EventStreamParser hands out the events before the one that is too large", () => {
  const text = "data: a\n\nid: 7\ndata: b\n\ndata: 0123456789\n\ndata: c\n\n";

  for (const { name, chunks } of bytesAndText(text)) {
    const parser = new RecordingParser({ maxEventSize: 10 });
    assertTooLarge(() => parser.pushAll(chunks), name);
    assertEquals(parser.data, ["a", "b"], name);
    assertEquals(parser.lastEventId, "7", name);
  }
});

Deno.test("EventStreamParser refuses every chunk after an error until reset()", () => {
  const parser = new RecordingParser({ maxEventSize: 10 });

  assertTooLarge(() => parser.push("id: 7\n\ndata: 0123456789"));
  assertThrows(() => parser.push("data: a\n\n"));
  assertThrows(() => parser.push(ENCODER.encode("data: a\n\n")));
  assertThrows(() => parser.push("\n"));
  assertEquals(parser.data, []);

  parser.reset();
  parser.push("data: b\n\n");
  parser.push(ENCODER.encode("data: c\n\n"));
  assertEquals(parser.data, ["b", "c"]);
  assertEquals(parser.lastEventId, "7");
  assertTooLarge(() => parser.push("data: 0123456789"));
});

// Shorter ones do not count: to count each would slow the decoding of small events.
for (
  const { what, long, short } of [
    {
      what: "an event type",
      long: `event:${"x".repeat(1024)}\n`,
      short: `event:${"x".repeat(1023)}\n`,
    },
    {
      what: "an ID",
      long: `id:${"x".repeat(1024)}\n`,
      short: `id:${"x".repeat(1023)}\n`,
    },
    {
      what: "a last event ID",
      long: `id:${"x".repeat(1024)}\n\n`,
      short: `id:${"x".repeat(1023)}\n\n`,
    },
  ]
) {
  Deno.test(`EventStreamParser counts ${what} of 1024 code units and more`, () => {
    const options = { maxEventSize: 3000 };
    const fits = `data:${"x".repeat(3000 - 1024 - 5)}`;
    for (
      const [text, isRefused] of [
        [`${long}${fits}\n\n`, false],
        [`${long}${fits}x\n\n`, true],
        [`${short}${fits}x\n\n`, false],
        // What was handed out leaves no trace.
        [`${long}data:x\nid:short\n\n${fits}x\n\n`, false],
        [`${long}id:short\nevent:short\n\n${fits}x\n\n`, false],
      ] as const
    ) {
      const bytes = ENCODER.encode(text);
      for (const size of [1, 100, 3000, bytes.length]) {
        const parser = new RecordingParser(options);
        const push = (): void => {
          for (let at = 0; at < bytes.length; at += size) {
            parser.push(bytes.subarray(at, at + size));
          }
        };
        if (isRefused) assertTooLarge(push, text);
        else push();
      }
    }
  });
}

Deno.test("EventStreamParser counts the data of an event that it has copied", () => {
  // What it holds is copied after some 256 Ki code units.
  const piece = `:${"x".repeat(2 ** 16)}\ndata:${"x".repeat(95)}\n`;
  for (const [last, isRefused] of [["", false], ["x", true]] as const) {
    const parser = new RecordingParser({ maxEventSize: 2 ** 17 });
    const data = "x".repeat(2 ** 17 - (100 * 96 - 1) - 5) + last;
    const push = (): void => {
      for (let i = 0; i < 100; i++) parser.push(ENCODER.encode(piece));
      parser.push(ENCODER.encode(`data:${data}\n\n`));
    };
    if (isRefused) assertTooLarge(push);
    else push();
    if (!isRefused) {
      const lines = [...Array<string>(100).fill("x".repeat(95)), data];
      assertEquals(parser.data, [lines.join("\n")]);
    }
  }
});

Deno.test("EventStreamParser.reset() gives back the room that was used", () => {
  const parser = new RecordingParser({ maxEventSize: 10 });

  for (let i = 0; i < 3; i++) {
    parser.push("data: a\ndata: a");
    parser.reset();
  }
  parser.push("data: 0123\n\n");

  assertEquals(parser.data, ["0123"]);
});

for (
  const [what, begin, piece] of [
    ["line of data", "data: ", "x"],
    ["comment", ":", "x"],
    ["unknown field", "unknown: ", "x"],
    ["field name", "", "x"],
    ["row of data lines", "", "data: x\n"],
    ["row of empty data lines", "", "data\n"],
  ] as const
) {
  Deno.test(`EventStreamParser holds a bounded part of an unending ${what}`, () => {
    const maxEventSize = 100_000;
    for (const size of [1, 50, 5000, 70_000]) {
      const chunk = ENCODER.encode(
        piece.repeat(Math.ceil(size / piece.length)),
      );
      const parser = new EventStreamParser(() => {}, { maxEventSize });
      parser.push(ENCODER.encode(begin));
      let pushed = 0;
      assertTooLarge(() => {
        // Of a data line all but the value is forgotten, and a LF is added.
        while (pushed < 10 * maxEventSize) {
          parser.push(chunk);
          pushed += chunk.length;
        }
      }, `chunks of ${size}`);
      assert(pushed < 5 * maxEventSize, `${pushed} bytes were taken`);
    }
  });
}

Deno.test("EventStreamParser has a maxEventSize of 16 Mi code units by default", () => {
  const piece = "x".repeat(2 ** 20);
  const parser = new RecordingParser();

  for (let i = 0; i < 16; i++) parser.push(piece);
  parser.push("\n\n");
  for (let i = 0; i < 16; i++) parser.push(piece);
  assertTooLarge(() => parser.push("x"));
});

Deno.test("EventStreamParser takes a maxEventSize of Infinity for no limit", () => {
  const piece = "x".repeat(2 ** 20);
  const parser = new RecordingParser({ maxEventSize: Infinity });

  parser.push("data: ");
  for (let i = 0; i < 17; i++) parser.push(piece);
  parser.push("\n\n");

  assertEquals(parser.data[0]?.length, 17 * 2 ** 20);
});

Deno.test("EventStreamParser joins a large event of many lines with a maxEventSize of Infinity", () => {
  const lines = Array<string>(2 ** 13).fill("x".repeat(99));
  const parser = new RecordingParser({ maxEventSize: Infinity });

  for (const line of lines) parser.push(ENCODER.encode(`data:${line}\n`));
  parser.push("\ndata:next\n\n");

  assertEquals(parser.data, [lines.join("\n"), "next"]);
});

Deno.test("EventStreamParser takes an undefined maxEventSize for the default", () => {
  const parser = new RecordingParser({ maxEventSize: undefined });

  parser.push("data: a\n\n");

  assertEquals(parser.data, ["a"]);
});

Deno.test("EventStreamParser throws RangeError if maxEventSize is no positive integer", () => {
  for (const maxEventSize of [0, -1, 1.5, NaN, -Infinity]) {
    assertThrows(
      () => new EventStreamParser(() => {}, { maxEventSize }),
      RangeError,
      `Cannot create parser: expected "maxEventSize" to be a positive integer or Infinity, got ${maxEventSize}`,
    );
  }
});

Deno.test("EventStreamParser throws TypeError if maxEventSize is not a number", () => {
  for (const maxEventSize of ["10", true, {}, 10n]) {
    assertThrows(
      () =>
        new EventStreamParser(() => {}, {
          maxEventSize: maxEventSize as unknown as number,
        }),
      TypeError,
    );
  }
});

Deno.test("EventStreamParser refuses the same streams in whatever chunks they come", () => {
  const tokens = [
    "data",
    ":",
    " ",
    "x",
    "é",
    "😀",
    "\n",
    "\r",
    "id: 1",
    "data: ",
  ];
  checkProperty(2000, (random) => {
    const text = random.text(tokens, random.below(60));
    const maxEventSize = 1 + random.below(30);
    const bytes = ENCODER.encode(text);
    const results = [
      [text],
      [bytes],
      random.cut(bytes, 1),
      random.cut(bytes, 20),
      random.cut(text, 20),
    ].map((chunks) => {
      const parser = new RecordingParser({ maxEventSize });
      let refused = false;
      try {
        parser.pushAll(chunks);
      } catch (error) {
        if (!(error instanceof EventStreamError)) throw error;
        refused = true;
      }
      return { refused, outcome: parser.outcome };
    });
    for (const result of results) {
      assertEquals(result, results[0], JSON.stringify({ text, maxEventSize }));
    }
  });
});

function assertTooLarge(push: () => unknown, message = ""): void {
  const error = assertThrows(push, EventStreamError);
  assertEquals(error.code, "event-too-large", message);
}

function* bytesAndText(
  text: string,
): Generator<{ name: string; chunks: (Uint8Array | string)[] }> {
  for (const cut of everyCut(text)) yield { ...cut, name: `text, ${cut.name}` };
  for (const cut of everyCut(ENCODER.encode(text))) {
    yield { ...cut, name: `bytes, ${cut.name}` };
  }
}
