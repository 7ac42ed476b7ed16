// Copyright 2026 the Tidings authors. MIT license.

import {
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { EventStreamError, readEvents } from "../../parser.ts";
import { eventOf, outcomeOf, singles } from "../support/outcome.ts";
import { PARSER_ROWS, variants } from "./_rows.ts";
import {
  IterableSource,
  manualSource,
  openSource,
  streamOf,
  turn,
} from "../support/sources.ts";

for (const row of PARSER_ROWS) {
  Deno.test(`readEvents(): ${row.name} (${row.spec})`, async () => {
    const { events, comments } = row.expected;
    for (const { name: lineEnd, bytes } of variants(row)) {
      const headers = { "content-type": "text/event-stream" };
      const sources = {
        "response": new Response(bytes, { headers }),
        "stream": streamOf([bytes]),
        "stream, byte by byte": streamOf(singles(bytes)),
        "iterable, byte by byte": iterate(singles(bytes)),
      };
      for (const [name, source] of Object.entries(sources)) {
        const heard: string[] = [];
        const read = await Array.fromAsync(readEvents(source, {
          onComment: (comment) => heard.push(comment),
        }));
        const actual = { events: read, comments: heard };
        assertEquals(actual, { events, comments }, `${name}, ${lineEnd}`);
      }
    }
  });
}

Deno.test("readEvents() hands out an event before the next chunk arrives", async () => {
  const source = manualSource();
  const events = readEvents(source.stream);

  for (const data of ["a", "b", "c"]) {
    const next = events.next();
    source.send(`data: ${data}\r\r`);
    assertEquals(await next, { done: false, value: eventOf({ data }) });
  }

  const next = events.next();
  source.end();
  assertEquals(await next, { done: true, value: undefined });
});

Deno.test("readEvents() reads nothing that was not asked for", async () => {
  let pulls = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller): void {
      pulls++;
      controller.enqueue(new TextEncoder().encode("data: a\n\ndata: b\n\n"));
    },
  }, { highWaterMark: 0 });
  const events = readEvents(stream);
  const pullsAfter: number[] = [];

  for (let i = 0; i < 4; i++) {
    await turn();
    pullsAfter.push(pulls);
    await events.next();
  }
  await events.return?.();

  assertEquals(pullsAfter, [0, 1, 1, 2]);
});

Deno.test("readEvents() reads on over chunks that complete no event", async () => {
  const chunks = ["da", "ta: a", "\n", ": hb\n", "", "\n"];

  const events = await Array.fromAsync(
    readEvents(new IterableSource(chunks)),
  );

  assertEquals(events, [eventOf({ data: "a" })]);
});

Deno.test("readEvents() begins with the lastEventId option", async () => {
  const source = new IterableSource(["data: a\n\n"]);

  const events = await Array.fromAsync(
    readEvents(source, { lastEventId: "7" }),
  );

  assertEquals(events, [eventOf({ data: "a", lastEventId: "7" })]);
});

Deno.test("readEvents() calls onComment as soon as its line ends", async () => {
  const source = manualSource();
  const { promise, resolve } = Promise.withResolvers<string>();
  const events = readEvents(source.stream, { onComment: resolve });
  const next = events.next();

  source.send(": hb\n");

  assertEquals(await promise, "hb");
  source.end();
  assertEquals((await next).done, true);
});

Deno.test("readEvents() answers overlapping calls of next() in order", async () => {
  const source = manualSource();
  const events = readEvents(source.stream);
  const answered: number[] = [];
  const calls = Array.from({ length: 6 }, async (_, at) => {
    const { done, value } = await events.next();
    answered.push(at);
    return done ? undefined : value.data;
  });

  source.send("data: a\n\n");
  source.send("data: b\n\ndata: c\n\n");
  source.send("data: d\n\n");
  source.end();

  const expected = ["a", "b", "c", "d", undefined, undefined];
  assertEquals(await Promise.all(calls), expected);
  assertEquals(answered, [0, 1, 2, 3, 4, 5]);
});

Deno.test("readEvents() answers a call of next() in onComment after those that wait", async () => {
  const { stream } = openSource("data: a\n\n:\ndata: b\n\ndata: c\n\n");
  const calls: ReturnType<typeof events.next>[] = [];
  const events: ReturnType<typeof readEvents> = readEvents(stream, {
    onComment: () => calls.push(events.next()),
  });

  calls.push(events.next(), events.next());
  await calls[1];

  const results = await Promise.all(calls);
  assertEquals(results.map(({ value }) => value?.data), ["a", "b", "c"]);
});

Deno.test("readEvents() reads no more for overlapping calls than it hands out", async () => {
  const source = manualSource();
  const events = readEvents(source.stream);
  const calls = [events.next(), events.next(), events.next()];

  source.send("data: a\n\ndata: b\n\ndata: c\n\n");
  await Promise.all(calls);
  source.send("data: d\n\n");
  source.send("data: e\n\n");
  source.end();
  await turn();

  const rest = await Array.fromAsync(events, ({ data }) => data);
  assertEquals(rest, ["d", "e"]);
});

Deno.test("readEvents() answers one of overlapping calls with the error, the others as done", async () => {
  const source = manualSource();
  const events = readEvents(source.stream);
  const error = new Error("mine");
  const calls = [events.next(), events.next(), events.next()];

  source.send("data: a\n\n");
  const first = await calls[0];
  source.fail(error);

  assertEquals(first, { done: false, value: eventOf({ data: "a" }) });
  assertStrictEquals(await assertRejects(() => calls[1]!), error);
  assertEquals(await calls[2], { done: true, value: undefined });
});

Deno.test("readEvents() is done for good once it is done", async () => {
  const events = readEvents(new IterableSource(["data: a\n\n"]));

  await Array.fromAsync(events);

  const done = { done: true, value: undefined } as const;
  assertEquals(await events.next(), done);
  assertEquals(await events.return?.(), done);
  assertEquals(await events.next(), done);
});

Deno.test("readEvents() hands out the events before an error of the source", async () => {
  const error = new Error("mine");
  const source = new IterableSource(
    ["data: a\n\ndata: b\n\ndata: c\n"],
    () => Promise.reject(error),
  );

  const { seen, thrown } = await readUntilError(readEvents(source));

  assertEquals(seen, ["a", "b"]);
  assertStrictEquals(thrown, error);
  // Like `for await`, it does not return() an iterator that has thrown.
  assertEquals(source.returns, 0);
});

Deno.test("readEvents() hands out the events before an error of the parser", async () => {
  const source = openSource("data: a\n\ndata: b\n\ndata: 0123456789\n\n");

  const { seen, thrown } = await readUntilError(
    readEvents(source.stream, { maxEventSize: 10 }),
  );

  assertEquals(seen, ["a", "b"]);
  assertInstanceOf(thrown, EventStreamError);
  assertEquals(thrown.code, "event-too-large");
  assertEquals(source.cancelled, [thrown]);
});

Deno.test("readEvents() passes on what onComment throws, after the events before", async () => {
  const source = openSource("data: a\n\n: b\n");
  const error = new Error("mine");

  const { seen, thrown } = await readUntilError(readEvents(source.stream, {
    onComment(): void {
      throw error;
    },
  }));

  assertEquals(seen, ["a"]);
  assertStrictEquals(thrown, error);
  assertEquals(source.cancelled, [error]);
});

Deno.test("readEvents() rejects if a chunk is not bytes, and cancels the source", async () => {
  const source = new IterableSource(
    [],
    () => Promise.resolve({ done: false, value: 7 as unknown as Uint8Array }),
  );

  const { thrown } = await readUntilError(readEvents(source));

  assertInstanceOf(thrown, TypeError);
  assertEquals(source.returns, 1);
});

Deno.test("readEvents() rejects if an iterable throws before it returns a promise", async () => {
  const error = new Error("mine");
  const source = new IterableSource(["data: a\n\n"], () => {
    throw error;
  });

  const events = readEvents(source);
  const { seen, thrown } = await readUntilError(events);

  assertEquals(seen, ["a"]);
  assertStrictEquals(thrown, error);
  assertEquals((await events.next()).done, true);
});

Deno.test("readEvents() unlocks a stream that has ended or failed", async () => {
  const ended = streamOf([new Uint8Array()]);
  await Array.fromAsync(readEvents(ended));
  assertFalse(ended.locked);

  const failed = manualSource();
  failed.fail(new Error("mine"));
  await readUntilError(readEvents(failed.stream));
  assertFalse(failed.stream.locked);
});

Deno.test("readEvents() does not return() an iterable that has ended", async () => {
  const source = new IterableSource(["data: a\n\n"]);

  const events = await Array.fromAsync(readEvents(source));

  assertEquals(events, outcomeOf([{ data: "a" }]).events);
  assertEquals(source.returns, 0);
});

async function* iterate<T>(items: T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}

async function readUntilError(
  events: AsyncIterable<{ data: string }>,
): Promise<{ seen: string[]; thrown: unknown }> {
  const seen: string[] = [];
  try {
    for await (const event of events) seen.push(event.data);
  } catch (thrown) {
    return { seen, thrown };
  }
  throw new Error("The iteration ended without an error");
}
