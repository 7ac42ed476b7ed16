// Copyright 2026 the Tidings authors. MIT license.

/** How an iteration over checked events ends, waits its turn and closes its source. */

import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { connect, EventSourceError } from "../../client.ts";
import type { ServerSentEvent } from "../../event.ts";
import { readEvents } from "../../parser.ts";
import { checkEvents, unchecked } from "../../typed/mod.ts";
import {
  byTurns,
  eventStream,
  OpenStream,
  serve,
} from "../support/event_server.ts";
import { LateSchema, NOTHING, schema } from "./_schemas.ts";
import { openSource, turn } from "../support/sources.ts";
import { within } from "../support/within.ts";

const ANY = { message: unchecked<number>() };

Deno.test("checkEvents() closes its source on break, and on what the loop throws", async () => {
  const left = openSource("data: 1\n\ndata: 2\n\n");
  for await (const { json } of checkEvents(readEvents(left.stream), ANY)) {
    assertEquals(json, 1);
    break;
  }
  assertEquals(left.cancelled.length, 1);

  const thrown = openSource("data: 1\n\n");
  await assertRejects(async () => {
    for await (const _ of checkEvents(readEvents(thrown.stream), ANY)) {
      throw new RangeError("Enough");
    }
  }, RangeError);
  assertEquals(thrown.cancelled.length, 1);
});

Deno.test("checkEvents() closes its source on return() before the first event", async () => {
  const source = openSource("data: 1\n\n");
  const events = checkEvents(readEvents(source.stream), ANY);
  assertEquals(await events.return(), { done: true, value: undefined });
  assertEquals(source.cancelled.length, 1);
  assertEquals((await events.next()).done, true);
});

Deno.test("checkEvents() closes its source on return() while calls of next() wait", async () => {
  const source = openSource();
  const events = checkEvents(readEvents(source.stream), ANY);
  const waiting = [events.next(), events.next()];
  await within("return()", events.return());
  assertEquals((await Promise.all(waiting)).map(({ done }) => done), [
    true,
    true,
  ]);
  assertEquals(source.cancelled.length, 1);
});

Deno.test("checkEvents().throw() ends its source with the error, and rejects with it", async () => {
  const error = new RangeError("Enough");
  const source = openSource("data: 1\n\n");
  const events = checkEvents(readEvents(source.stream), ANY);
  await events.next();
  const waiting = events.next();
  await assertRejects(() => events.throw(error), RangeError, "Enough");
  assertEquals((await waiting).done, true);
  assertEquals(source.cancelled, [error]);
  await assertRejects(() => events.throw(error), RangeError);
});

Deno.test("checkEvents().throw() returns a source that has no throw() or fails", async () => {
  const ends: string[] = [];
  const sources: Partial<AsyncIterator<never>>[] = [
    {
      return() {
        ends.push("return");
        return Promise.reject(new Error("the source's"));
      },
    },
    {
      return: () => Promise.reject(new Error("not called")),
      throw(error) {
        ends.push("throw");
        return Promise.reject(error);
      },
    },
    {},
  ];
  for (const source of sources) {
    const events = checkEvents({
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(new Error("not called")),
        ...source,
      }),
    }, ANY);
    await assertRejects(
      () => events.throw(new RangeError("Enough")),
      RangeError,
    );
    assertEquals((await events.next()).done, true);
  }
  assertEquals(ends, ["return", "throw"]);
});

Deno.test("checkEvents() hands out nothing after return() while a schema is at work", async () => {
  const source = openSource("data: null\n\n");
  const late = new LateSchema(NOTHING);
  const events = checkEvents(readEvents(source.stream), { message: late });
  const waiting = events.next();
  while (late.calls.length === 0) await turn();
  await events.return();
  late.calls[0]!();
  assertEquals((await waiting).done, true);
});

Deno.test("checkEvents() closes its source at the end of an await using block", async () => {
  const source = openSource("data: 1\n\n");
  {
    await using events = checkEvents(readEvents(source.stream), ANY);
    assertEquals((await events.next()).value?.json, 1);
  }
  assertEquals(source.cancelled.length, 1);
});

Deno.test("checkEvents() answers calls of next() in their order, whatever is skipped and however long a schema takes", async () => {
  const source = openSource();
  const calls: unknown[] = [];
  const slow = schema<number>(async (value) => {
    calls.push(value);
    // The first one takes the longest.
    for (let i = Number(value); i < 5; i++) await turn();
    return value === 2 || value === 4
      ? { issues: [{ message: "Odd numbers are wanted" }] }
      : { value: Number(value) };
  });
  const events = checkEvents(readEvents(source.stream), { message: slow }, {
    onInvalid: () => "skip",
  });
  const results = [1, 2, 3, 4].map(() => events.next());
  for (let i = 1; i <= 5; i++) source.send(`data: ${i}\n\n`);
  source.end();
  const seen = (await Promise.all(results)).map(({ value }) => value?.json);
  assertEquals(seen, [1, 3, 5, undefined]);
  assertEquals(calls, [1, 2, 3, 4, 5]);
});

Deno.test("checkEvents() asks for an event when one is asked for, and not before", async () => {
  let asked = 0;
  let returned = 0;
  const numbers = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const data = `${++asked}`;
        return Promise.resolve({
          done: false as const,
          value: { event: "message", data, id: undefined, lastEventId: "" },
        });
      },
      return: () => {
        returned++;
        return Promise.resolve({ done: true as const, value: undefined });
      },
    }),
  };
  const events = checkEvents(numbers, ANY);
  await turn();
  assertEquals(asked, 0);
  await events.next();
  await events.next();
  await turn();
  assertEquals(asked, 2);
  await events.return();
  assertEquals(returned, 1);
});

Deno.test("checkEvents() answers a call of next() by a schema after the one that is being checked", async () => {
  const text = "data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n";
  await using server = serve(() => eventStream(text));
  for (
    const source of [
      readEvents(new Response(text), { ignoreContentType: true }),
      connect(server.url),
    ]
  ) {
    let inner: Promise<unknown> | undefined;
    const nested = schema<number>((value) => {
      if (value !== 2) return { value: Number(value) };
      inner = events.next().then(({ value }) => value?.json);
      return { issues: [{ message: "It is skipped" }] };
    });
    const events: AsyncIterableIterator<{ json: number }> = checkEvents(
      source,
      { message: nested },
      { onInvalid: () => "skip" },
    );
    // From here on, the events are there before they are asked for.
    assertEquals((await events.next()).value?.json, 1);
    assertEquals((await events.next()).value?.json, 3);
    assertEquals(await within("next()", inner!), 4);
    await events.return?.();
  }
});

Deno.test("checkEvents() calls next() of a program, in the place of the source's", async () => {
  const text = "data: 1\n\ndata: 2\n\n";
  let calls = 0;
  const count = (events: AsyncIterator<ServerSentEvent>) => () => {
    calls++;
    return events.next();
  };
  const open = () => readEvents(openSource(text).stream);

  const replaced = open();
  const next = replaced.next.bind(replaced);
  replaced.next = count({ next });
  const inner = open();
  const proxy = new Proxy(inner, {
    get: (target, key, receiver) =>
      key === "next" ? count(target) : Reflect.get(target, key, receiver),
  });
  for (const source of [replaced, proxy]) {
    calls = 0;
    const events = checkEvents(source, ANY);
    assertEquals((await events.next()).value?.json, 1);
    assertEquals((await events.next()).value?.json, 2);
    assertEquals(calls, 2);
  }
  await Promise.all([replaced.return?.(), inner.return?.()]);
});

Deno.test("checkEvents() throws what its source throws, once", async () => {
  const source = openSource("data: 1\n\n");
  const events = checkEvents(readEvents(source.stream), ANY);
  await events.next();
  source.fail(new RangeError("Lost"));
  await assertRejects(() => events.next(), RangeError, "Lost");
  assertEquals((await events.next()).done, true);
});

Deno.test("checkEvents() asks no more of a source that cannot be closed", async () => {
  let asked = 0;
  const value = { event: "message", data: "x", id: undefined, lastEventId: "" };
  const forever = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        asked++;
        return Promise.resolve({ done: false as const, value });
      },
    }),
  };
  const events = checkEvents(forever, ANY, { done: "x" });
  assertEquals((await events.next()).done, true);
  assertEquals((await events.next()).done, true);
  assertEquals(asked, 1);
});

Deno.test("checkEvents() of a connection leaves it in reach, and closes it at the sentinel", async () => {
  const stream = new OpenStream(
    "id: 1\ndata: 1\n\nid: 2\ndata: [DONE]\n\ndata: 3\n\n",
  );
  await using server = serve(() => stream.response);
  const connection = connect(server.url);
  const events = checkEvents(connection, ANY);
  assertStrictEquals(events.source, connection);
  const seen: number[] = [];
  for await (const { json } of events) {
    seen.push(json);
    assertEquals(events.source.readyState, 1);
  }
  assertEquals(seen, [1]);
  assertEquals(connection.readyState, 2);
  assertEquals(connection.lastEventId, "2");
  await stream.cancelled;
});

Deno.test("checkEvents() of a connection ends when that is closed while next() waits", async () => {
  const stream = new OpenStream(":\n");
  const read = Promise.withResolvers<void>();
  const events = checkEvents(
    connect("http://a", {
      fetch: () => Promise.resolve(stream.response),
      onComment: () => read.resolve(),
    }),
    ANY,
  );
  const next = events.next();
  await read.promise;
  events.source.close();
  assertEquals((await within("next()", next)).done, true);
  await stream.cancelled;
});

Deno.test("checkEvents() of a connection resumes after the event that was skipped", async () => {
  const skipped = "id: 1\ndata: 1\n\nid: 2\ndata: no JSON\n\n" +
    "event: other\nid: 3\ndata: 3\n\n";
  await using server = serve(byTurns(
    () => eventStream(`retry: 1\n${skipped}`),
    () => eventStream("id: 4\ndata: 4\n\ndata: [DONE]\n\n"),
  ));
  const connection = connect(server.url);
  const places: string[] = [];
  const events = checkEvents(connection, ANY, {
    onInvalid: () => {
      places.push(connection.lastEventId);
      return "skip";
    },
  });
  const seen = await Array.fromAsync(events, ({ json }) => json);
  assertEquals(seen, [1, 4]);
  assertEquals(places, ["2"]);
  assertEquals(server.requests[1]?.headers.get("last-event-id"), "3");
});

Deno.test("checkEvents() of a connection closes it for an event that does not fit, which is the last event ID", async () => {
  const stream = new OpenStream("id: 1\ndata: no JSON\n\n");
  await using server = serve(() => stream.response);
  const connection = connect(server.url);
  await assertRejects(() => checkEvents(connection, ANY).next());
  assertEquals(connection.readyState, 2);
  assertEquals(connection.lastEventId, "1");
  await stream.cancelled;
});

Deno.test("checkEvents() of a connection throws what made that fail", async () => {
  await using server = serve(() => new Response(null, { status: 404 }));
  const events = checkEvents(connect(server.url), ANY);
  await assertRejects(() => events.next(), EventSourceError);
  assertEquals((await events.next()).done, true);
});

/** Functions of options that return a promise, as a program without types may have them. */
const PROMISES = {
  "done of false": { done: () => Promise.resolve(false) },
  "done of true": { done: () => Promise.resolve(true) },
  "done that fails": { done: () => Promise.reject(new Error("no")) },
  "done that looks like one": { done: () => ({ then() {} }) },
  "onInvalid of skip": { onInvalid: () => Promise.resolve("skip") },
  "onInvalid of end": { onInvalid: () => Promise.resolve("end") },
  "onInvalid that fails": { onInvalid: () => Promise.reject(new Error("no")) },
};

for (const [name, options] of Object.entries(PROMISES)) {
  Deno.test(`checkEvents() fails on a promise from ${name}`, async () => {
    const source = openSource("data: no JSON\n\ndata: 2\n\n");
    const events = checkEvents(
      readEvents(source.stream),
      ANY,
      options as unknown as Parameters<typeof checkEvents>[2],
    );
    await assertRejects(() => events.next(), TypeError, "got an object");
    assertEquals(source.cancelled.length, 1);
    assertEquals((await events.next()).done, true);
  });
}
