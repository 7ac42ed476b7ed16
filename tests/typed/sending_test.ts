// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the compiler takes and refuses where a map says which events there are. That
 * this file compiles is the test: an error that is expected and does not come is an
 * error too.
 */

import { assertEquals } from "@std/assert";
import { EventChannel, type EventChannelOptions } from "../../channel.ts";
import type { ServerSentEventInit, TypedEventInit } from "../../event.ts";
import { EventRuns } from "../../runs/mod.ts";
import {
  type EventSession,
  serveEvents,
  type ServeEventsSource,
} from "../../server.ts";
import { makeRequest } from "../channel/_clients.ts";

interface Events {
  tick: { price: number };
  done: null;
  message: string;
}

/** Holds what is compiled and not run. */
function compile(..._: (() => unknown)[]): void {}

/** Stands for a value of any type. */
function some<T>(): T {
  throw new Error("Cannot run: this is for the compiler");
}

Deno.test("EventChannel<Events>.publish() takes what the map has", async () => {
  await using channel = new EventChannel<Events>();
  await channel.publish({ event: "tick", json: { price: 1 } });
  await channel.publish({ event: "done", json: null, id: "end", retry: 1 });
  await channel.publish({ event: "message", json: "a" });
  await channel.publish({ json: "a" });
  await channel.publish({ comment: "no event" });
});

Deno.test("EventChannel<Events>.publish() does not compile with anything else", () => {
  const channel = new EventChannel<Events>();
  compile(
    // @ts-expect-error: the type is misspelt.
    () => channel.publish({ event: "tik", json: { price: 1 } }),
    // @ts-expect-error: the field is misspelt.
    () => channel.publish({ event: "tick", json: { prise: 1 } }),
    // @ts-expect-error: the field is of another type.
    () => channel.publish({ event: "tick", json: { price: "1" } }),
    // @ts-expect-error: the field is missing.
    () => channel.publish({ event: "tick", json: {} }),
    // @ts-expect-error: that is in an event of another type.
    () => channel.publish({ event: "done", json: { price: 1 } }),
    // @ts-expect-error: there is no json.
    () => channel.publish({ event: "tick" }),
    // @ts-expect-error: text is not checked.
    () => channel.publish({ event: "tick", data: '{"price":1}' }),
    // @ts-expect-error: events without a type go by `message`.
    () => channel.publish({ json: { price: 1 } }),
    // @ts-expect-error: so does text.
    () => channel.publish({ data: "a" }),
  );
});

Deno.test("EventChannel<Events> without `message` has no events without a type", () => {
  const channel = new EventChannel<{ tick: number }>();
  compile(
    // @ts-expect-error: the type is missing.
    () => channel.publish({ json: 1 }),
    // @ts-expect-error: it is not in the map.
    () => channel.publish({ event: "message", json: 1 }),
  );
});

Deno.test("EventChannel<Events> checks what onGap gives", () => {
  compile(
    (): EventChannelOptions<Events> => ({
      onGap: () => [{ event: "tick", json: { price: 1 } }],
    }),
    (): EventChannelOptions<Events> => ({
      // @ts-expect-error: the field is misspelt.
      onGap: () => [{ event: "tick", json: { prise: 1 } }],
    }),
  );
});

Deno.test("serveEvents<Events>() checks what a source and its session send", async () => {
  const response = serveEvents<Events>(
    makeRequest(),
    async function* (session) {
      await session.send({ event: "done", json: null });
      yield { event: "tick", json: { price: 1 } };
    },
  );
  assertEquals(
    await response.text(),
    'event: done\ndata: null\n\nevent: tick\ndata: {"price":1}\n\n',
  );
  const send = (source: ServeEventsSource<Events>) =>
    serveEvents(makeRequest(), source);
  compile(
    // @ts-expect-error: the field is of another type.
    () => send([{ event: "tick", json: { price: "" } }]),
    // @ts-expect-error: the same in a generator.
    () => send(() => badTicks()),
    () =>
      send((session) => {
        // @ts-expect-error: the type is misspelt.
        session.send({ event: "tik", json: null });
      }),
    () =>
      serveEvents(makeRequest(), (session: EventSession<Events>) => {
        // @ts-expect-error: the same where the session alone has the map.
        session.send({ event: "tik", json: null });
      }),
  );
});

function* badTicks() {
  yield { event: "tick" as const, json: { price: "" } };
}

Deno.test("EventRuns<Events> checks what a source gives, and the event at the end", async () => {
  await using runs = new EventRuns<Events>({
    endEvent: () => ({ event: "done", json: null }),
  });
  await runs.start("a", async function* () {
    yield { event: "tick", json: { price: 1 } };
  });
  assertEquals(await runs.ended("a"), "done");
  compile(
    // @ts-expect-error: the field is of another type.
    () => runs.start("b", () => badTicks()),
    // What is an event stream already is taken as it is.
    () => runs.start("b", () => fetch("http://localhost/")),
    () =>
      new EventRuns<Events>({
        // @ts-expect-error: there is no such type.
        endEvent: () => ({ event: "end", json: null }),
      }),
  );
});

Deno.test("without a map everything is as it was", () => {
  const request = makeRequest();
  const channel = new EventChannel({
    onGap: () => [{ event: "any", data: "text" }, { json: 1 }],
  });
  async function* ticks() {
    yield { event: "tick", data: "42", id: 1 };
  }
  compile(
    () => channel.publish({ event: "any", data: "text" }),
    () => channel.publish({ event: "any", json: 1n }),
    () => serveEvents(request, ticks()),
    () => serveEvents(request, some<ServerSentEventInit[]>()),
    () => serveEvents(request, some<ReadableStream<ServerSentEventInit>>()),
    () => serveEvents(request, some<Generator<TypedEventInit<Events>>>()),
    () => serveEvents(request, ({ lastEventId }) => [{ data: lastEventId }]),
    // @ts-expect-error: text is a string.
    () => channel.publish({ data: 1 }),
    // @ts-expect-error: there is no such field.
    () => channel.publish({ datum: "a" }),
  );
});

Deno.test("a channel with a map is not one without, where anything may be published", () => {
  const typed = new EventChannel<Events>();
  const countClients = <Map>(channel: EventChannel<Map>) => channel.size;
  assertEquals(countClients(typed), 0);
  compile(
    // @ts-expect-error: it would let text in.
    (): EventChannel => typed,
  );
});
