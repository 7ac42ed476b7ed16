// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { encodeEvents } from "../../encoder.ts";
import { quote } from "../../_validate.ts";
import type { ServerSentEvent, ServerSentEventInit } from "../../event.ts";
import { readEvents } from "../../parser.ts";
import {
  checkEvents,
  EventCheckError,
  type StandardSchema,
  unchecked,
} from "../../typed/mod.ts";
import { randomJson } from "../support/random_json.ts";
import { checkProperty } from "../support/random.ts";
import { NOTHING, schema, TICK } from "./_schemas.ts";
import { type ManualSource, manualSource } from "../support/sources.ts";

const SCHEMAS = { tick: TICK, done: NOTHING };

/** The events of a stream that ends after them. */
function read(...inits: ServerSentEventInit[]) {
  return readEvents(new Blob([encodeEvents(inits)]).stream());
}

/** A stream that has sent these events and is still open. */
function openSource(...inits: ServerSentEventInit[]): ManualSource {
  const source = manualSource();
  source.send(new TextDecoder().decode(encodeEvents(inits)));
  return source;
}

Deno.test("checkEvents() gives each event with json of its type, in order", async () => {
  const events = checkEvents(
    read(
      { event: "tick", json: { price: 1, more: true }, id: 7 },
      { event: "done", json: null },
    ),
    SCHEMAS,
  );
  const seen = await Array.fromAsync(events);
  assertEquals(seen, [
    {
      event: "tick",
      data: '{"price":1,"more":true}',
      id: "7",
      lastEventId: "7",
      json: { price: 1 },
    },
    {
      event: "done",
      data: "null",
      id: undefined,
      lastEventId: "7",
      json: null,
    },
  ]);
});

Deno.test("checkEvents() gives a union that a switch narrows", async () => {
  const prices: number[] = [];
  const source = read({ event: "tick", json: { price: 1 } }, {
    event: "done",
    json: null,
  });
  for await (const event of checkEvents(source, SCHEMAS)) {
    // @ts-expect-error: it is not known yet which it is.
    const early = () => event.json.price;
    void early;
    switch (event.event) {
      case "tick": {
        const price: number = event.json.price;
        prices.push(price);
        // @ts-expect-error: there is no such field.
        void event.json.prise;
        break;
      }
      case "done": {
        const nothing: null = event.json;
        prices.push(Number(nothing));
        break;
      }
      default: {
        const never: never = event;
        void never;
      }
    }
    // @ts-expect-error: there is no such type.
    if (event.event === "tik") prices.push(NaN);
  }
  assertEquals(prices, [1, 0]);
});

Deno.test("checkEvents() gives what a schema makes of the data", async () => {
  const year = schema<number, string>((value) => ({
    value: new Date(String(value)).getUTCFullYear(),
  }));
  const later = schema<string>(async (value) => {
    await Promise.resolve();
    return { value: `${value}!` };
  });
  const events = checkEvents(
    read({ event: "year", json: "2026-11-24" }, { json: "a" }),
    { year, message: later },
  );
  assertEquals(await Array.fromAsync(events, ({ json }) => json), [
    2026,
    "a!",
  ]);
});

Deno.test("checkEvents() gives the json that was sent, and no event more", async () => {
  const sent: { event: string; json: unknown }[] = [];
  checkProperty(2000, (random) => {
    sent.push({
      event: random.pick(["message", "tick"]),
      json: randomJson(random),
    });
  });
  const schemas = { message: unchecked(), tick: unchecked() };
  const events = checkEvents(read(...sent), schemas);
  const received = await Array.fromAsync(
    events,
    ({ event, json }) => ({ event, json }),
  );
  assertEquals(received, sent);
});

for (
  const { name, init, code, message, issues } of [
    {
      name: "data that is not JSON",
      init: { event: "tick", data: "x".repeat(100) },
      code: "not-json",
      message: `Cannot check event: expected "data" to be JSON, got "${
        "x".repeat(40)
      }…"`,
      issues: [],
    },
    {
      name: "json that does not fit",
      init: { event: "tick", json: { price: "1" } },
      code: "invalid",
      message:
        'Cannot check event: "tick" does not fit its schema at "price": A number is wanted',
      issues: [{ message: "A number is wanted", path: ["price"] }],
    },
    {
      name: "json with more than one issue, and no path",
      init: { event: "done", json: 1 },
      code: "invalid",
      message:
        'Cannot check event: "done" does not fit its schema: null is wanted and 1 more',
      issues: [{ message: "null is wanted" }, { message: "Really" }],
    },
  ]
) {
  Deno.test(`checkEvents() throws for ${name}, and closes`, async () => {
    const source = openSource(
      { event: "done", json: null, id: 1 },
      { ...init, id: 2 },
      { event: "done", json: null, id: 3 },
    );
    const events = checkEvents(readEvents(source.stream), SCHEMAS);
    assertEquals((await events.next()).value?.id, "1");
    const error = await assertRejects(() => events.next(), EventCheckError);
    assertEquals(error.code, code);
    assertEquals(error.message, message);
    assertEquals(error.issues, issues);
    assertEquals(error.event.id, "2");
    assertEquals(error.event.event, init.event);
    assertEquals(error.cause instanceof SyntaxError, code === "not-json");
    assertEquals(source.cancelled.length, 1);
    assertEquals((await events.next()).done, true);
  });
}

Deno.test("checkEvents() throws for an issue whose path has objects, from an asynchronous schema too", async () => {
  const bad = schema((_) =>
    Promise.resolve({
      issues: [{ message: "No", path: [{ key: "a" }, 0, Symbol("b")] }],
    })
  );
  const events = checkEvents(read({ json: 1 }), { message: bad });
  const error = await assertRejects(() => events.next(), EventCheckError);
  assertEquals(
    error.message,
    'Cannot check event: "message" does not fit its schema at "a.0.Symbol(b)": No',
  );
});

Deno.test("checkEvents() goes on after an event that onInvalid skips", async () => {
  const told: (string | undefined)[] = [];
  const late = schema<number>((value) =>
    Promise.resolve(
      typeof value === "number" ? { value } : { issues: [{ message: "No" }] },
    )
  );
  const events = checkEvents(
    read(
      { json: "a", id: 1 },
      { json: 2 },
      { data: "{", id: 3 },
      { json: 4 },
    ),
    { message: late },
    {
      onInvalid: ({ event }) => {
        told.push(event.id);
        return "skip";
      },
    },
  );
  assertEquals(await Array.fromAsync(events, ({ json }) => json), [2, 4]);
  assertEquals(told, ["1", "3"]);
});

Deno.test("checkEvents() ends, and closes, where onInvalid says so", async () => {
  const source = openSource({ event: "done", json: null }, {
    event: "done",
    json: 1,
  });
  const events = checkEvents(readEvents(source.stream), SCHEMAS, {
    onInvalid: () => "end",
  });
  assertEquals((await Array.fromAsync(events)).length, 1);
  assertEquals(source.cancelled.length, 1);
});

Deno.test("checkEvents() throws what onInvalid throws, and closes", async () => {
  const source = openSource({ event: "done", json: 1 });
  const events = checkEvents(readEvents(source.stream), SCHEMAS, {
    onInvalid: () => {
      throw new RangeError("Enough");
    },
  });
  await assertRejects(() => events.next(), RangeError, "Enough");
  assertEquals(source.cancelled.length, 1);
});

Deno.test("checkEvents() throws what a schema throws, which onInvalid does not hear of", async () => {
  const source = openSource({ json: 1 });
  const broken = schema(() => {
    throw new RangeError("A bug");
  });
  const events = checkEvents(readEvents(source.stream), { message: broken }, {
    onInvalid: () => "skip",
  });
  await assertRejects(() => events.next(), RangeError, "A bug");
  assertEquals(source.cancelled.length, 1);
});

Deno.test("checkEvents() leaves out types without a schema, and does not look at their data", async () => {
  const events = checkEvents(
    read(
      { data: "no JSON" },
      { event: "constructor", data: "{}" },
      { event: "__proto__", data: "{}" },
      { event: "done", json: null },
    ),
    SCHEMAS,
  );
  assertEquals(await Array.fromAsync(events, ({ event }) => event), ["done"]);
});

Deno.test('checkEvents() hands out types without a schema if unknownTypes is "pass"', async () => {
  const seen: unknown[] = [];
  const events = checkEvents(
    read(
      { event: "log", data: "no JSON", id: 1 },
      { event: "tick", json: { price: 1 } },
    ),
    SCHEMAS,
    { unknownTypes: "pass" },
  );
  for await (const event of events) {
    if ("json" in event) {
      if (event.event === "tick") seen.push(event.json.price);
    } else {
      const other: ServerSentEvent = event;
      seen.push(other);
    }
  }
  assertEquals(seen, [
    { event: "log", data: "no JSON", id: "1", lastEventId: "1" },
    1,
  ]);
});

Deno.test('checkEvents() throws for types without a schema if unknownTypes is "error", or asks onInvalid', async () => {
  const sent = [{ event: "tik", data: "no JSON" }, {
    event: "done",
    json: null,
  }];
  const strict = checkEvents(read(...sent), SCHEMAS, { unknownTypes: "error" });
  const error = await assertRejects(() => strict.next(), EventCheckError);
  assertEquals(error.code, "unknown-type");
  assertEquals(
    error.message,
    'Cannot check event: expected "event" to be a type that has a schema, got "tik"',
  );

  const codes: string[] = [];
  const told = checkEvents(read(...sent), SCHEMAS, {
    unknownTypes: "error",
    onInvalid: ({ code }) => {
      codes.push(code);
      return "skip";
    },
  });
  assertEquals((await Array.fromAsync(told)).length, 1);
  assertEquals(codes, ["unknown-type"]);
});

for (const [done, type] of [[undefined, "message"], ["bye", "tick"]] as const) {
  Deno.test(`checkEvents() ends, and closes, at ${done ?? "[DONE]"} in an event of the type ${type}`, async () => {
    const source = openSource(
      { json: "[DONE]" },
      { event: type, data: done ?? "[DONE]" },
      { json: "never" },
    );
    const schemas = { message: unchecked<string>() };
    const events = checkEvents(readEvents(source.stream), schemas, { done });
    assertEquals(await Array.fromAsync(events, ({ json }) => json), [
      "[DONE]",
    ]);
    assertEquals(source.cancelled.length, 1);
  });
}

Deno.test("checkEvents() throws TypeError for what is no schema", () => {
  for (const bad of [undefined, null, {}, { "~standard": {} }, "string"]) {
    const schemas = { tick: bad as unknown as StandardSchema };
    assertThrows(
      () => checkEvents(read(), schemas),
      TypeError,
      `Cannot check events: expected "schemas.tick" to be a Standard Schema, got ${
        quote(bad)
      }`,
    );
  }
});

Deno.test("checkEvents() takes a schema that is a function", async () => {
  const callable = Object.assign(() => {}, schema((value) => ({ value })));
  const events = checkEvents(read({ json: 1 }), { message: callable });
  assertEquals((await events.next()).value?.json, 1);
});

Deno.test("unchecked() takes everything as it is", async () => {
  const seen: number[] = [];
  const schemas = { message: unchecked<{ a: number }>() };
  for await (const { json } of checkEvents(read({ json: { a: 1 } }), schemas)) {
    seen.push(json.a);
    // @ts-expect-error: there is no such field.
    void json.b;
  }
  assertEquals(seen, [1]);
});
