// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  encodeEvent,
  encodeEvents,
  EventStreamEncoderStream,
} from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { BAD_JSON_ROWS } from "./_json_rows.ts";
import { randomJson } from "../support/random_json.ts";
import { checkProperty } from "../support/random.ts";
import { interpretStream } from "../parser/_spec_model.ts";

const ROWS: { name: string; input: ServerSentEventInit; expected: string }[] = [
  {
    name: "in the place of data",
    input: { json: { a: [1, "b"] }, id: 1, retry: 2, event: "e", comment: "c" },
    expected: ': c\nevent: e\ndata: {"a":[1,"b"]}\nid: 1\nretry: 2\n\n',
  },
  { name: "that is null", input: { json: null }, expected: "data: null\n\n" },
  {
    name: "that is false",
    input: { json: false },
    expected: "data: false\n\n",
  },
  { name: "that is zero", input: { json: 0 }, expected: "data: 0\n\n" },
  {
    name: "that is an empty string",
    input: { json: "" },
    expected: 'data: ""\n\n',
  },
  {
    name: "beside data that is undefined",
    input: { data: undefined, json: 1 },
    expected: "data: 1\n\n",
  },
  {
    name: "line breaks in a string as escapes",
    input: { json: "a\nb\rc\r\n\nid: evil\n\n" },
    expected: String.raw`data: "a\nb\rc\r\n\nid: evil\n\n"` + "\n\n",
  },
  {
    name: "what toJSON() gives",
    input: { json: { at: new Date(0) } },
    expected: 'data: {"at":"1970-01-01T00:00:00.000Z"}\n\n',
  },
  {
    name: "a lone surrogate as an escape",
    input: { json: "\ud800" },
    expected: 'data: "\\ud800"\n\n',
  },
];

for (const { name, input, expected } of ROWS) {
  Deno.test(`encodeEvent() writes json ${name}`, () => {
    assertEquals(decode(encodeEvent(input)), expected);
  });
}

Deno.test("encodeEvent() takes json that is undefined beside data", () => {
  const bytes = encodeEvent({ data: "a", json: undefined });
  assertEquals(decode(bytes), "data: a\n\n");
});

Deno.test("encodeEvents() and EventStreamEncoderStream write json as encodeEvent() does", async () => {
  const inputs = ROWS.map(({ input }) => input);
  const expected = ROWS.map((row) => row.expected);

  assertEquals(decode(encodeEvents(inputs)), expected.join(""));
  const chunks = await Array.fromAsync(
    ReadableStream.from(inputs).pipeThrough(new EventStreamEncoderStream()),
  );
  assertEquals(chunks.map(decode), expected);
});

for (const { name, init, message, hasCause = false } of BAD_JSON_ROWS) {
  Deno.test(`encodeEvent() throws TypeError for ${name}`, async () => {
    const refusals = [
      assertThrows(() => encodeEvent(init), TypeError),
      assertThrows(() => encodeEvents([{ data: "a" }, init]), TypeError),
      await assertRejects(
        () =>
          Array.fromAsync(
            ReadableStream.from([init])
              .pipeThrough(new EventStreamEncoderStream()),
          ),
        TypeError,
      ),
    ];
    for (const error of refusals) {
      assertEquals(error.message, `Cannot encode event: ${message}`);
      assertEquals(error.cause !== undefined, hasCause);
    }
  });
}

Deno.test("encodeEvent() gives a receiver the json that was sent, in one event", () => {
  let hostile = 0;
  checkProperty(5000, (random) => {
    const json = randomJson(random);
    const { events } = interpretStream(encodeEvents([
      { data: "before" },
      { event: "tick", json, id: 7 },
      { data: "after" },
    ]));
    assertEquals(events.length, 3);
    const { event, data, id } = events[1]!;
    assertEquals({ event, json: JSON.parse(data), id }, {
      event: "tick",
      json,
      id: "7",
    });
    if (/\\n\\n|\\r\\r/.test(data)) hostile++;
  });
  assert(hostile > 100, `only ${hostile} tried to break out`);
});

function decode(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
