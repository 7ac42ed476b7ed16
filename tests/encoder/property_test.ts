// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals } from "@std/assert";
import { encodeEvent, encodeEvents } from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { eventOf, type Outcome, RecordingParser } from "../support/outcome.ts";
import { checkProperty, type Random } from "../support/random.ts";
import { interpretStream } from "../parser/_spec_model.ts";

// What a value may hold; the line breaks only where they are allowed.
const PIECES = [
  ...[
    "a",
    " ",
    "  ",
    "\t",
    ":",
    ": ",
    "0",
    "data",
    "data: ",
    "id: 1",
    "event:",
  ],
  ...["é", "語", "😀", "\ufeff", "\ufffd", "\u2028", "\x85", "\v", "message"],
  ...["\ud83d", "\ude00"],
];
const LINE_BREAKS = ["\n", "\r", "\r\n", "\n\r", "\n\n", "\r\r"];
const HOSTILE = [
  ...PIECES,
  ...LINE_BREAKS,
  ...["\0", "\ndata: evil\n\n", "\revent: evil", "\r\nid: evil\r\n\r\n"],
  ...["\n: evil", "\nretry: 666\n", "data: evil\n\n"],
];

Deno.test("decoding what was encoded gives back what was encoded", () => {
  checkProperty(10_000, (random) => {
    const inits = Array.from(
      { length: 1 + random.below(4) },
      () => randomInit(random),
    );
    const expected = outcomeOfInits(inits);
    const bytes = encodeEvents(inits);

    assertEquals(interpretStream(bytes), expected);
    const chunks = [
      random.cut(bytes, 1 + random.below(bytes.length)),
      inits.map(encodeEvent),
    ];
    for (const chunk of chunks) {
      assertEquals(new RecordingParser().pushAll(chunk).outcome, expected);
    }
  });
});

Deno.test("hostile text in any field never adds an event or a field", () => {
  let encoded = 0;
  checkProperty(10_000, (random) => {
    const init = hostileInit(random);
    let bytes: Uint8Array;
    try {
      bytes = encodeEvent(init);
    } catch (error) {
      assert(error instanceof TypeError || error instanceof RangeError);
      return;
    }
    encoded++;
    const before = { data: "before", id: "1", retry: 1 };
    const after = { data: "after" };
    const outcome = interpretStream(
      Uint8Array.of(...encodeEvent(before), ...bytes, ...encodeEvent(after)),
    );
    assertEquals(outcome, outcomeOfInits([before, init, after]));
  });
  assert(encoded > 1000, `only ${encoded} were encoded`);
});

/** What a receiver is to make of events that were sent. */
function outcomeOfInits(inits: ServerSentEventInit[]): Outcome {
  const outcome: Outcome = {
    events: [],
    comments: [],
    lastEventId: "",
    reconnectionTime: undefined,
  };
  for (const { event, data, id, retry, comment } of inits) {
    const sentId = id === undefined ? undefined : String(id).toWellFormed();
    if (sentId !== undefined) outcome.lastEventId = sentId;
    if (retry !== undefined) {
      outcome.reconnectionTime = retry;
    }
    if (comment !== undefined) outcome.comments.push(...linesOf(comment));
    if (data === undefined) continue;
    outcome.events.push(eventOf({
      event: event ? event.toWellFormed() : "message",
      data: linesOf(data).join("\n"),
      id: sentId,
      lastEventId: outcome.lastEventId,
    }));
  }
  return outcome;
}

function linesOf(text: string): string[] {
  return text.toWellFormed().split(/\r\n|\r|\n/);
}

function randomInit(random: Random): ServerSentEventInit {
  const line = (): string => random.text(PIECES, random.below(5));
  const lines = (): string =>
    random.text([...PIECES, "\0", ...LINE_BREAKS], random.below(8));
  return {
    event: random.onceIn(2) ? line() : undefined,
    data: random.onceIn(5) ? undefined : lines(),
    id: random.pick([undefined, line(), random.below(1e6), -random.below(9)]),
    retry: random.onceIn(3) ? random.below(2 ** 32) : undefined,
    comment: random.onceIn(3) ? lines() : undefined,
  };
}

/** Any field may be text that tries to break out, or what has no business there. */
function hostileInit(random: Random): ServerSentEventInit {
  const text = (): unknown =>
    random.onceIn(20)
      ? random.pick([null, NaN, -1, 1.5, {}, ["\ndata: evil"], true, Infinity])
      : random.onceIn(2)
      ? undefined
      : random.text(HOSTILE, random.below(3));
  return {
    event: text(),
    data: text(),
    id: text(),
    retry: random.onceIn(10) ? text() : undefined,
    comment: text(),
  } as ServerSentEventInit;
}
