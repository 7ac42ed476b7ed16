// Copyright 2026 the Tidings authors. MIT license.

/** How a session learns that nobody reads its response, or that the reader has left. */

import { assert, assertEquals } from "@std/assert";
import { watchStart } from "../../_server/start_timeout.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { serveEvents, type ServeEventsSource } from "../../server.ts";
import { BodyReader } from "../support/body_reader.ts";
import { FakeTime } from "../support/fake_time.ts";

const URL = "http://localhost/";
const TURN = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A source that tells what was done with it. */
class WatchedSource implements AsyncIterableIterator<ServerSentEventInit> {
  readonly calls: string[] = [];

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<ServerSentEventInit>> {
    this.calls.push("next");
    return Promise.resolve({ done: false, value: { data: "1" } });
  }

  return(): Promise<IteratorResult<ServerSentEventInit>> {
    this.calls.push("return");
    return Promise.resolve({ done: true, value: undefined });
  }
}

const DISCARDS: Record<string, (response: Response) => unknown> = {
  "is thrown away": () => {},
  "is replaced by one with its headers": ({ headers }) =>
    new Response("no", { status: 500, headers }),
  "is wrapped in another that is thrown away": ({ body, headers }) =>
    new Response(body, { headers }),
};

for (const [name, discard] of Object.entries(DISCARDS)) {
  Deno.test(`serveEvents() releases the source after startTimeout if its response ${name}`, async () => {
    const source = new WatchedSource();
    const { response, released } = serveWatched(source, { startTimeout: 5 });
    discard(response);
    await released;
    assertEquals(source.calls, ["return"]);
  });
}

/** Serves a source, and tells when it was released. */
function serveWatched(
  source: WatchedSource,
  options: { startTimeout?: number },
  signal?: AbortSignal,
): { response: Response; released: Promise<void> } {
  let release!: () => void;
  const released = new Promise<void>((resolve) => release = resolve);
  const { return: original } = source;
  source.return = () => {
    release();
    return original.call(source);
  };
  const request = new Request(URL, { signal: signal ?? null });
  const response = serveEvents(request, source, options);
  return { response, released };
}

Deno.test("serveEvents() releases the source once if the body is read, cancelled or aborted after startTimeout", async () => {
  const source = new WatchedSource();
  const departure = new AbortController();
  const { signal } = departure;
  const options = { startTimeout: 5 };
  const { response, released } = serveWatched(source, options, signal);
  await released;
  departure.abort();
  assertEquals(await response.text(), "");
  await TURN();
  assertEquals(source.calls, ["return"]);
});

Deno.test("serveEvents() waits ten seconds for the first read, and no longer", () => {
  using time = new FakeTime();
  const request = new Request(URL);
  const { body } = serveEvents(request, new WatchedSource());
  assertEquals([...time.timers.values()].map(({ due }) => due), [10_000]);
  time.pass(10_000);
  assertEquals(time.timers.size, 0);
  assert(body);
});

Deno.test("watchStart() gives each response the whole time, also one that comes later", () => {
  using time = new FakeTime();
  const ends = [0, 300, 300].map((delay) => {
    time.pass(delay);
    const times: number[] = [];
    watchStart(1000, () => times.push(time.now));
    return times;
  });
  time.pass(5000);
  assertEquals(ends, [[1000], [1300], [1600]]);
  assertEquals(time.timers.size, 0);
});

for (const startTimeout of [1, 5000, Infinity]) {
  Deno.test(`serveEvents() has no timer but that of startTimeout before the first read, and not even that after it: ${startTimeout}`, async () => {
    using time = new FakeTime();
    const dues = () => [...time.timers.values()].map(({ due }) => due);
    const expected = startTimeout === Infinity ? [] : [startTimeout];
    const options = { startTimeout, keepAlive: 0 };
    const response = serveEvents(new Request(URL), () => {}, options);
    assertEquals(dues(), expected);
    const reader = response.body!.getReader();
    const first = reader.read();
    // The stream pulls some microtasks later. What is left is the timer of the first byte.
    for (let i = 0; i < 10 && !dues().includes(0); i++) await undefined;
    assertEquals(dues(), [0]);
    time.pass(0);
    assertEquals((await first).value, new TextEncoder().encode(":\n\n"));
    assertEquals(dues(), []);
    await reader.cancel();
  });
}

Deno.test("serveEvents() never closes a body that was begun in time, however long it takes", async () => {
  const source: ServeEventsSource = async function* () {
    for (const data of ["1", "2", "3"]) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      yield { data };
    }
  };
  const options = { startTimeout: 1, keepAlive: 0 };
  const response = serveEvents(new Request(URL), source, options);
  assertEquals(
    await response.text(),
    ":\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\n",
  );
});

Deno.test("serveEvents() has no startTimeout for a request that gets no stream", () => {
  using time = new FakeTime();
  for (const method of ["HEAD", "OPTIONS", "POST"]) {
    serveEvents(new Request(URL, { method }), new WatchedSource());
  }
  assertEquals(time.timers.size, 0);
});

Deno.test(
  "serveEvents() does not read the signal of a request in Deno, which would print a deprecation",
  {
    ignore: !("version" in Deno),
  },
  async () => {
    const request = new Request(URL);
    Object.defineProperty(request, "signal", {
      get: () => {
        throw new Error("was read");
      },
    });
    const source = new WatchedSource();
    const body = new BodyReader(serveEvents(request, source));
    assertEquals(await body.read(), "data: 1\n\n");
    await body.cancel();
    await TURN();
    assertEquals(source.calls, ["next", "return"]);
  },
);
