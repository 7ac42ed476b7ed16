// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertRejects } from "@std/assert";
import { readEvents } from "../../parser.ts";
import { manualSource, openSource, streamOf } from "../support/sources.ts";

const DONE = { done: true, value: undefined } as const;

Deno.test("readEvents() ends a waiting next() on abort", async () => {
  const source = manualSource();
  const controller = new AbortController();
  const { signal } = controller;
  const events = readEvents(source.stream, { signal });
  const calls = [events.next(), events.next()];
  const reason = new Error("mine");

  controller.abort(reason);

  assertEquals(await calls[0], DONE);
  assertEquals(await calls[1], DONE);
  assertEquals(await events.next(), DONE);
  assertEquals(source.cancelled, [reason]);
});

Deno.test("readEvents() drops the events that were left on abort", async () => {
  const source = openSource("data: a\n\ndata: b\n\n");
  const controller = new AbortController();
  const { signal } = controller;
  const seen: string[] = [];

  for await (const event of readEvents(source.stream, { signal })) {
    seen.push(event.data);
    controller.abort();
  }

  assertEquals(seen, ["a"]);
  assertEquals(source.cancelled, [signal.reason]);
});

Deno.test("readEvents() drops the rest of the chunk on abort in onComment", async () => {
  const source = openSource("data: a\n\n: b\ndata: c\n\ndata: d\n\n");
  const controller = new AbortController();
  const { signal } = controller;
  const events = readEvents(source.stream, {
    signal,
    onComment: () => controller.abort(),
  });

  assertEquals((await events.next()).value?.data, "a");
  assertEquals(await events.next(), DONE);
  assertEquals(await events.next(), DONE);
  assertEquals(source.cancelled, [signal.reason]);
});

Deno.test("readEvents() ends at once if the signal is already aborted", async () => {
  const source = openSource("data: a\n\n");
  const reason = new Error("mine");
  const events = readEvents(source.stream, {
    signal: AbortSignal.abort(reason),
  });

  assertEquals(await events.next(), DONE);

  assertEquals(source.cancelled, [reason]);
});

Deno.test("readEvents() is not hurt by an abort after its end", async () => {
  const source = openSource("data: a\n\n");
  source.end();
  const controller = new AbortController();
  const { signal } = controller;
  const events = readEvents(source.stream, { signal });
  await Array.fromAsync(events);

  controller.abort();

  assertEquals(await events.next(), DONE);
  assertEquals(source.cancelled, []);
});

Deno.test("readEvents() leaves no listener on the signal however it ends", async () => {
  const ends: ((controller: AbortController) => Promise<unknown>)[] = [
    ({ signal }) => Array.fromAsync(readEvents(streamOf([]), { signal })),
    async ({ signal }) => {
      await readEvents(manualSource().stream, { signal }).return?.();
    },
    ({ signal }) => {
      const { stream, fail } = manualSource();
      fail(new Error("mine"));
      return assertRejects(() => readEvents(stream, { signal }).next());
    },
    ({ signal }) => {
      const { stream } = openSource("data: a");
      const events = readEvents(stream, { signal, maxEventSize: 1 });
      return assertRejects(() => events.next());
    },
    (controller) => {
      const { signal } = controller;
      const next = readEvents(manualSource().stream, { signal }).next();
      controller.abort();
      return next;
    },
    (controller) => {
      const { signal } = controller;
      controller.abort();
      return readEvents(manualSource().stream, { signal }).next();
    },
  ];
  for (const [at, end] of ends.entries()) {
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: unknown[]) => {
      listeners++;
      Reflect.apply(addEventListener, signal, args);
    };
    signal.removeEventListener = (...args: unknown[]) => {
      // To take off what is not there does nothing.
      listeners = Math.max(0, listeners - 1);
      Reflect.apply(removeEventListener, signal, args);
    };
    await end(controller);
    assertEquals(listeners, 0, `end ${at}`);
  }
});
