// Copyright 2026 the Tidings authors. MIT license.

import {
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { EventStreamParser } from "../../parser.ts";

const ENCODER = new TextEncoder();

Deno.test("EventStreamParser calls back for comments and events in their order", () => {
  const seen: string[] = [];
  const parser = new EventStreamParser((event) => seen.push(event.data), {
    onComment: (comment) => seen.push(comment),
  });

  parser.push(": 1\ndata: 3\n: 2\n\n: 4\n\ndata: 5\n\n: 6\n");

  assertEquals(seen, ["1", "2", "3", "4", "5", "6"]);
});

Deno.test("EventStreamParser calls back when its own state is that of the event", () => {
  const seen: unknown[] = [];
  const parser = new EventStreamParser((event) => {
    seen.push([event.data, parser.lastEventId, parser.reconnectionTime]);
  });

  parser.push(
    "id: 1\nretry: 5\ndata: a\n\nretry: 6\nid: 2\ndata: b\n\nid: 3\n",
  );

  assertEquals(seen, [["a", "1", 5], ["b", "2", 6]]);
});

for (const door of ["onEvent", "onComment"] as const) {
  Deno.test(`EventStreamParser.push() lets the exception of ${door} pass, then refuses`, () => {
    const seen: string[] = [];
    const error = new Error("mine");
    const parser = parserWith(door, (text) => {
      seen.push(text);
      if (text === "bad") throw error;
    });

    const thrown = assertThrows(() =>
      parser.push(block("good") + block("bad") + block("never"))
    );

    assertStrictEquals(thrown, error);
    const refused = assertThrows(() => parser.push(block("never")));
    assertInstanceOf(refused, Error);
    assertThrows(() => parser.push(ENCODER.encode(block("never"))));
    assertEquals(seen, ["good", "bad"]);

    parser.reset();
    parser.push(block("again"));
    assertEquals(seen, ["good", "bad", "again"]);
  });

  Deno.test(`EventStreamParser.reset() in ${door} drops the rest of the chunk`, () => {
    const seen: string[] = [];
    const parser = parserWith(door, (text) => {
      seen.push(text);
      if (text === "last") parser.reset();
    });

    parser.push(block("first") + block("last") + block("never") + "data: x");
    parser.push("\ufeff" + block("next"));

    assertEquals(seen, ["first", "last", "next"]);
  });

  Deno.test(`EventStreamParser.push() in ${door} throws, and the stream goes on`, () => {
    const seen: string[] = [];
    const errors: unknown[] = [];
    const parser = parserWith(door, (text) => {
      seen.push(text);
      for (const chunk of ["", "x", ENCODER.encode("x")]) {
        errors.push(assertThrows(() => parser.push(chunk)));
      }
    });

    parser.push(block("a") + block("b"));
    parser.push(ENCODER.encode(block("c")));

    assertEquals(seen, ["a", "b", "c"]);
    assertEquals(errors.length, 9);
    for (const error of errors) assertInstanceOf(error, Error);
  });

  Deno.test(`EventStreamParser.push() in ${door} is allowed after reset()`, () => {
    const seen: string[] = [];
    const parser = parserWith(door, (text) => {
      seen.push(text);
      if (text !== "a") return;
      parser.reset();
      parser.push("\ufeff" + block("nested") + "data: be");
    });

    parser.push(block("a") + block("never"));
    assertEquals(seen, ["a", "nested"]);

    parser.push(ENCODER.encode("hind\n:behind\n\n"));
    assertEquals(seen, ["a", "nested", "behind"]);
  });
}

Deno.test("EventStreamParser.push() in a callback stops the parser if nobody catches", () => {
  const seen: string[] = [];
  const parser = new EventStreamParser((event) => {
    seen.push(event.data);
    parser.push("data: nested\n\n");
  });

  assertThrows(() => parser.push("data: a\n\ndata: b\n\n"));
  assertThrows(() => parser.push("data: c\n\n"));

  assertEquals(seen, ["a"]);
});

Deno.test("EventStreamParser.reset() in onComment drops the block around the comment", () => {
  const seen: string[] = [];
  const parser = new EventStreamParser((event) => seen.push(event.data), {
    onComment(comment): void {
      seen.push(comment);
      parser.reset();
    },
  });

  parser.push("id: 1\ndata: a\n: b\nid: 1\ndata: c\n\n: d\ndata: e\n\n");
  parser.push("data: f\n\n");

  assertEquals(seen, ["b", "f"]);
  assertEquals(parser.lastEventId, "");
});

Deno.test("EventStreamParser.reset() in onComment drops what follows a line of two chunks", () => {
  const seen: string[] = [];
  const parser = new EventStreamParser((event) => seen.push(event.data), {
    onComment: () => parser.reset(),
  });

  for (const lineEnd of ["\n", "\r", "\r\n"]) {
    parser.push(": be");
    parser.push(`gun${lineEnd}data: a${lineEnd}${lineEnd}data: a`);
    parser.push(`data: b${lineEnd}${lineEnd}`);
  }

  assertEquals(seen, ["b", "b", "b"]);
});

Deno.test("EventStreamParser.reset() in a callback drops all of a long chunk", () => {
  const seen: string[] = [];
  const parser = new EventStreamParser((event) => {
    seen.push(event.data);
    if (event.data === "stop") parser.reset();
  });
  const long = ("data: never\n" + "data: é\n".repeat(20) + "\n").repeat(1000);

  parser.push(ENCODER.encode(`data: stop\n\n${long}data: x`));
  parser.push(`data: stop\r\r${long}data: x`);
  parser.push(ENCODER.encode("data: a\n\n"));

  assertEquals(seen, ["stop", "stop", "a"]);
});

Deno.test("EventStreamParser.reset() in a callback drops a character cut short behind it", () => {
  const seen: string[] = [];
  const parser = new EventStreamParser((event) => {
    seen.push(event.data);
    parser.reset();
  });

  for (const padding of ["", "\n".repeat(100), "\n".repeat(20_000)]) {
    const head = ENCODER.encode(`data: a\n\n${padding}data: `);
    parser.push(Uint8Array.of(...head, 0xf0, 0x9f));
    parser.push(ENCODER.encode("data: b\n\n"));
  }

  assertEquals(seen, ["a", "b", "a", "b", "a", "b"]);
});

Deno.test("EventStreamParser throws TypeError if a callback is not a function", () => {
  const bad = "console" as unknown as () => void;

  assertThrows(() => new EventStreamParser(bad), TypeError, "onEvent");
  assertThrows(
    () => new EventStreamParser(() => {}, { onComment: bad }),
    TypeError,
    "onComment",
  );
});

/** A parser whose callback of one kind gets the text, be it data or comment. */
function parserWith(
  door: "onEvent" | "onComment",
  callback: (text: string) => void,
): EventStreamParser {
  return door === "onEvent"
    ? new EventStreamParser((event) => callback(event.data))
    : new EventStreamParser(() => {}, { onComment: callback });
}

/** A block that calls either kind of callback once with the text. */
function block(text: string): string {
  return `data: ${text}\n:${text}\n\n`;
}
