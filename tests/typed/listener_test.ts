// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertThrows } from "@std/assert";
import { EventSource } from "../../client.ts";
import { checkListener, type StandardSchema } from "../../typed/mod.ts";
import { eventStream } from "../support/event_server.ts";
import { LateSchema, NOTHING, schema, TICK } from "./_schemas.ts";
import { turn } from "../support/sources.ts";
import { recordWarnings } from "../support/warnings.ts";
import { within } from "../support/within.ts";

/** An event as an `EventSource` dispatches it. */
function message(data: string, lastEventId = ""): MessageEvent<string> {
  return new MessageEvent("tick", { data, lastEventId });
}

Deno.test("checkListener() calls the listener of an EventSource with json and the event", async () => {
  const source = new EventSource("http://a", {
    fetch: () =>
      Promise.resolve(
        eventStream('id: 7\nevent: tick\ndata: {"price":1,"more":1}\n\n'),
      ),
  });
  const seen = Promise.withResolvers<unknown[]>();
  source.addEventListener(
    "tick",
    checkListener(TICK, (json, event) => {
      const price: number = json.price;
      seen.resolve([price, json, event.type, event.data, event.lastEventId]);
    }),
  );
  assertEquals(await within("a tick", seen.promise), [
    1,
    { price: 1 },
    "tick",
    '{"price":1,"more":1}',
    "7",
  ]);
  source.close();
});

Deno.test("checkListener() calls the listener before the dispatch is over", () => {
  const target = new EventTarget();
  const seen: number[] = [];
  const listener = checkListener(TICK, ({ price }) => seen.push(price));
  target.addEventListener("tick", listener as EventListener, { once: true });
  for (const price of [1, 2]) {
    target.dispatchEvent(message(`{"price":${price}}`));
  }
  assertEquals(seen, [1]);
});

Deno.test("checkListener() tells of what does not fit, and does not call the listener", async () => {
  const told: unknown[] = [];
  const listener = checkListener(TICK, () => told.push("never"), {
    onInvalid: ({ code, event, issues }) =>
      told.push([code, event, issues.length]),
  });
  listener(message("no JSON", "1"));
  listener(message("{}", "2"));
  await turn();
  const event = { event: "tick", id: undefined };
  assertEquals(told, [
    ["not-json", { ...event, data: "no JSON", lastEventId: "1" }, 0],
    ["invalid", { ...event, data: "{}", lastEventId: "2" }, 1],
  ]);
});

Deno.test("checkListener() keeps the order of the events, however long a schema takes", async () => {
  const order: unknown[] = [];
  const late = new LateSchema(NOTHING);
  const mixed = schema<number | null>((value) =>
    value === null
      ? late["~standard"].validate(value)
      : typeof value === "number"
      ? { value }
      : { issues: [{ message: "No" }] }
  );
  const listener = checkListener(mixed, (json) => order.push(json), {
    onInvalid: () => order.push("invalid"),
  });
  for (const data of ["1", "null", "2", '"a"', "null", "3"]) {
    listener(message(data));
  }
  assertEquals(order, [1]);
  late.calls[1]!();
  await turn();
  assertEquals(order, [1]);
  late.calls[0]!();
  await turn();
  assertEquals(order, [1, null, 2, "invalid", null, 3]);
  // Nothing waits any more.
  listener(message("4"));
  assertEquals(order.at(-1), 4);
});

Deno.test("checkListener() lets the listener throw as any other does", () => {
  const listener = checkListener(TICK, () => {
    throw new RangeError("A bug");
  });
  assertThrows(() => listener(message('{"price":1}')), RangeError, "A bug");
});

Deno.test("checkListener() reports what a listener throws after an asynchronous schema as an uncaught exception", async () => {
  const reported = Promise.withResolvers<unknown>();
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    reported.resolve(event.error);
  };
  globalThis.addEventListener("error", onError);
  try {
    const error = new RangeError("A bug");
    const late: StandardSchema = schema((value) => Promise.resolve({ value }));
    checkListener(late, () => {
      throw error;
    })(message("1"));
    assertEquals(await within("a report", reported.promise), error);
  } finally {
    globalThis.removeEventListener("error", onError);
  }
});

Deno.test("checkListener() warns of what does not fit where there is no source to tell", async () => {
  using recorder = recordWarnings();
  checkListener(TICK, () => {})(message("no JSON"));
  await turn();
  await turn();
  assertEquals(recorder.warnings.map(({ code }) => code), ["TIDINGS_CHECK"]);
});

Deno.test("checkListener() throws TypeError for what is no schema", () => {
  assertThrows(
    () => checkListener({} as StandardSchema, () => {}),
    TypeError,
    'Cannot check events: expected "schema" to be a Standard Schema, got an object',
  );
});
