// Copyright 2026 the Tidings authors. MIT license.

import {
  assertEquals,
  assertFalse,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { readEvents } from "../../parser.ts";
import { eventOf } from "../support/outcome.ts";
import {
  IterableSource,
  manualSource,
  openSource,
  turn,
} from "../support/sources.ts";

const DONE = { done: true, value: undefined } as const;

Deno.test("readEvents() cancels the source on break", async () => {
  const source = openSource("data: a\n\ndata: b\n\n");

  for await (const event of readEvents(source.stream)) {
    assertEquals(event.data, "a");
    break;
  }

  assertEquals(source.cancelled, [undefined]);
  assertFalse(source.stream.locked);
});

Deno.test("readEvents() cancels the source if the loop throws", async () => {
  const source = openSource("data: a\n\n");
  const error = new Error("mine");

  const thrown = await assertRejects(async () => {
    for await (const _ of readEvents(source.stream)) throw error;
  });

  assertStrictEquals(thrown, error);
  assertEquals(source.cancelled.length, 1);
});

Deno.test("readEvents() cancels the source when it is disposed of", async () => {
  const source = openSource("data: a\n\n");
  {
    await using events = readEvents(source.stream);
    await events.next();
  }
  assertEquals(source.cancelled, [undefined]);
  assertFalse(source.stream.locked);
});

Deno.test("readEvents().return() cancels a source that was never read", async () => {
  const source = manualSource();
  const events = readEvents(source.stream);

  assertEquals(await events.return?.(), DONE);

  assertEquals(source.cancelled, [undefined]);
  assertEquals(await events.next(), DONE);
});

Deno.test("readEvents().return() drops the events that were left", async () => {
  for (const tail of ["", "data: 0123456789"]) {
    const source = openSource("data: a\n\ndata: b\n\n" + tail);
    const events = readEvents(source.stream, { maxEventSize: 10 });
    await events.next();

    assertEquals(await events.return?.(), DONE);

    assertEquals(await events.next(), DONE);
    assertEquals(source.cancelled.length, 1);
  }
});

Deno.test("readEvents().return() answers calls of next() that wait as done", async () => {
  const source = manualSource();
  const events = readEvents(source.stream);
  const calls = [events.next(), events.next()];

  await events.return?.();

  assertEquals(await Promise.all(calls), [DONE, DONE]);
  assertEquals(source.cancelled, [undefined]);
});

Deno.test("readEvents().return() is harmless a second time", async () => {
  const source = openSource("data: a\n\n");
  const events = readEvents(source.stream);

  await Promise.all([events.return?.(), events.return?.()]);
  await events.return?.();

  assertEquals(source.cancelled, [undefined]);
});

Deno.test("readEvents().return() waits for the source's cancel and passes its error on", async () => {
  const error = new Error("mine");
  const stream = new ReadableStream<Uint8Array>({
    cancel: () => Promise.reject(error),
  });

  const thrown = await assertRejects(async () => {
    await readEvents(stream).return?.();
  });

  assertStrictEquals(thrown, error);
});

Deno.test("readEvents().throw() cancels the source with the error, and rejects with it", async () => {
  const error = new Error("mine");
  const source = openSource("data: a\n\ndata: b\n\n");
  const events = readEvents(source.stream);
  await events.next();

  assertStrictEquals(await assertRejects(() => events.throw!(error)), error);

  assertEquals(source.cancelled, [error]);
  assertFalse(source.stream.locked);
  assertEquals(await events.next(), DONE);
});

Deno.test("readEvents().throw() answers calls of next() that wait as done", async () => {
  const error = new Error("mine");
  const source = manualSource();
  const events = readEvents(source.stream);
  const calls = [events.next(), events.next()];

  await assertRejects(() => events.throw!(error), Error, "mine");

  assertEquals(await Promise.all(calls), [DONE, DONE]);
  assertEquals(source.cancelled, [error]);
});

Deno.test("readEvents().throw() rejects with its error whatever the source's cancel does", async () => {
  const stream = new ReadableStream<Uint8Array>({
    cancel: () => Promise.reject(new RangeError("the source's")),
  });
  const events = readEvents(stream);

  await assertRejects(() => events.throw!(new Error("mine")), Error, "mine");
  await assertRejects(() => events.throw!(new Error("next")), Error, "next");

  const iterable = new IterableSource(["data: a\n\n"]);
  const late = readEvents(iterable);
  await assertRejects(() => late.throw!(new Error("mine")), Error, "mine");
  assertEquals(iterable.returns, 1);
});

Deno.test("readEvents() returns an iterable source on break, abort and error", async () => {
  const broken = new IterableSource(["data: a\n\n", "data: b\n\n"]);
  for await (const _ of readEvents(broken)) break;
  assertEquals(broken.returns, 1);

  const aborted = new IterableSource([], () => new Promise(() => {}));
  const controller = new AbortController();
  const next = readEvents(aborted, { signal: controller.signal }).next();
  controller.abort();
  assertEquals(await next, DONE);
  assertEquals(aborted.returns, 1);

  const tooLarge = new IterableSource(["data: 0123456789", "\n"]);
  await assertRejects(() =>
    Array.fromAsync(readEvents(tooLarge, { maxEventSize: 10 }))
  );
  assertEquals(tooLarge.returns, 1);
});

Deno.test("readEvents() ends an iterable source that has no return()", async () => {
  const chunk = new TextEncoder().encode("data: a\n\n");
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.resolve({ done: false, value: chunk }),
    }),
  };

  for await (const event of readEvents(source)) {
    assertEquals(event, eventOf({ data: "a" }));
    break;
  }
});

Deno.test("readEvents().return() in onComment drops the rest of the chunk", async () => {
  const source = openSource("data: a\n\n: b\ndata: c\n\n");
  const events = readEvents(source.stream, {
    onComment: () => void events.return?.(),
  });

  assertEquals((await events.next()).value?.data, "a");
  assertEquals(await events.next(), DONE);
  assertEquals(await events.next(), DONE);
  assertEquals(source.cancelled, [undefined]);
});

for (
  const [what, answer] of [
    ["a chunk", (): void => {}],
    ["an error", (): never => {
      throw new Error("late");
    }],
  ] as const
) {
  Deno.test(`readEvents() ignores ${what} that comes after return()`, async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const value = new TextEncoder().encode("data: late\n\n");
    const source = new IterableSource([], async () => {
      await promise;
      answer();
      return { done: false, value };
    });
    const events = readEvents(source);
    const next = events.next();

    await events.return?.();
    resolve();
    await turn();

    assertEquals(await next, DONE);
    assertEquals(await events.next(), DONE);
    assertEquals(source.returns, 1);
  });
}

Deno.test("readEvents() leaves no unhandled rejection if nobody asks any more", async () => {
  const rejections: unknown[] = [];
  const onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    rejections.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);

  const failing = { cancel: () => Promise.reject(new Error("cancel")) };
  const controller = new AbortController();
  const { signal } = controller;
  readEvents(new ReadableStream<Uint8Array>(failing), { signal });
  readEvents(new ReadableStream<Uint8Array>(failing), {
    signal: AbortSignal.abort(),
  });
  const { stream, fail, send } = manualSource();
  const events = readEvents(stream, { signal });
  const next = events.next();
  send("data: a\n\n");
  await next;
  fail(new Error("source"));
  controller.abort();
  const response = new Response(new ReadableStream(failing), { status: 500 });
  readEvents(response, { signal: AbortSignal.abort() });
  readEvents(new Response("Slow down", { status: 500 }));
  await turn();

  globalThis.removeEventListener("unhandledrejection", onRejection);
  assertEquals(rejections, []);
});
