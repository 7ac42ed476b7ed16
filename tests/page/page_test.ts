// Copyright 2026 the Tidings authors. MIT license.

/** `followPage()` without a browser: what it listens to, and when it stops. */

import { assertEquals, assertThrows } from "@std/assert";
import { connect, EventSource } from "../../client.ts";
import {
  followPage,
  type FollowPageOptions,
  type PageSource,
} from "../../page/mod.ts";
import { SharedEventSource } from "../../shared/mod.ts";
import { eventStream, OpenStream } from "../support/event_server.ts";
import { within } from "../support/within.ts";

const URL_TEXT = "http://127.0.0.1/";

/** Makes this process a page, to the end of the block. */
class StandInPage implements Disposable {
  visibilityState: "visible" | "hidden" = "visible";
  /** Of each listener: its type, and whether it was removed. */
  readonly listeners: { type: string; signal: AbortSignal }[] = [];
  readonly #target = new EventTarget();
  readonly #originals = new Map<string, PropertyDescriptor | undefined>();

  constructor() {
    this.#set("document", this);
    this.#set("addEventListener", (
      type: string,
      listener: EventListener,
      options: AddEventListenerOptions & { signal: AbortSignal },
    ) => {
      this.listeners.push({ type, signal: options.signal });
      this.#target.addEventListener(type, listener, options);
    });
  }

  /** How many listeners there are. */
  get size(): number {
    return this.listeners.filter(({ signal }) => !signal.aborted).length;
  }

  dispatch(type: string, members: object = {}): void {
    this.#target.dispatchEvent(Object.assign(new Event(type), members));
  }

  show(visibilityState: "visible" | "hidden"): void {
    this.visibilityState = visibilityState;
    this.dispatch("visibilitychange");
  }

  [Symbol.dispose](): void {
    for (const [name, descriptor] of this.#originals) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
      else Object.defineProperty(globalThis, name, descriptor);
    }
  }

  #set(name: string, value: unknown): void {
    this.#originals.set(
      name,
      Object.getOwnPropertyDescriptor(globalThis, name),
    );
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
}

/** A fetch whose responses stay open, and the `Last-Event-ID` of each request. */
function openStreams(...chunks: string[]): {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  ids: (string | null)[];
  signals: AbortSignal[];
  requested(count: number): Promise<void>;
} {
  const ids: (string | null)[] = [];
  const signals: AbortSignal[] = [];
  let look: (() => void) | undefined;
  return {
    ids,
    signals,
    fetch: (_, { headers, signal }) => {
      ids.push(new Headers(headers).get("last-event-id"));
      signals.push(signal!);
      look?.();
      return Promise.resolve(new OpenStream(...chunks).response);
    },
    requested: async (count) => {
      while (ids.length < count) {
        await within(
          `request ${count}`,
          new Promise<void>((resolve) => look = resolve),
        );
      }
    },
  };
}

type Make = (init: { fetch: typeof fetch }) => PageSource;

const SOURCES: Record<string, Make> = {
  "connect()": (init) => connect(URL_TEXT, init),
  "EventSource": (init) => new EventSource<object>(URL_TEXT, init),
  "SharedEventSource": (init) => new SharedEventSource<object>(URL_TEXT, init),
};

for (const [name, make] of Object.entries(SOURCES)) {
  Deno.test(`followPage() does nothing with ${name} where there is no page`, async () => {
    const streams = openStreams("data: a\n\n");
    const source = make({ fetch: streams.fetch as typeof fetch });
    const follower = followPage(source, {
      hidden: "disconnect",
      staleAfter: 1,
    });
    await streams.requested(1);
    dispatchEvent(new Event("visibilitychange"));
    dispatchEvent(new Event("online"));
    follower.stop();
    follower[Symbol.dispose]();
    source.close();
    assertEquals(streams.ids, [null]);
  });

  Deno.test(`followPage() stops listening when ${name} is closed`, () => {
    using page = new StandInPage();
    const streams = openStreams();
    const source = make({ fetch: streams.fetch as typeof fetch });
    followPage(source);
    assertEquals(page.size, 4);
    source.close();
    assertEquals(page.size, 0);
    followPage(source, { hidden: "disconnect" });
    assertEquals(page.size, 0);
    page.show("hidden");
  });

  Deno.test(`followPage() stops listening when ${name} fails for good`, async () => {
    using page = new StandInPage();
    const source = make({
      fetch: () => Promise.resolve(new Response("no", { status: 404 })),
    });
    followPage(source);
    if (source instanceof EventSource) {
      await new Promise((resolve) => source.onerror = resolve);
    } else {
      await source.next().catch(() => {});
    }
    assertEquals(page.size, 0);
  });

  Deno.test(`followPage() makes no connection of ${name} before a hidden page is shown`, async () => {
    using page = new StandInPage();
    page.visibilityState = "hidden";
    const streams = openStreams("data: a\n\n");
    const source = make({ fetch: streams.fetch as typeof fetch });
    followPage(source, { hidden: "disconnect" });
    page.dispatch("online");
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(streams.ids, []);
    page.show("visible");
    await streams.requested(1);
    source.close();
  });

  Deno.test(`followPage() of a later call takes the place of the first for ${name}`, async () => {
    using page = new StandInPage();
    const streams = openStreams("data: a\n\n");
    const source = make({ fetch: streams.fetch as typeof fetch });
    const first = followPage(source, { hidden: "disconnect" });
    followPage(source);
    assertEquals(page.size, 4);
    first.stop();
    assertEquals(page.size, 4);
    page.show("hidden");
    await streams.requested(1);
    assertEquals(streams.signals[0]?.aborted, false);
    source.close();
  });
}

Deno.test("followPage() returns what has a tag of its own, so that Vue leaves it alone", () => {
  using _page = new StandInPage();
  const connection = connect(URL_TEXT, { fetch: openStreams().fetch });
  using follower = followPage(connection);
  assertEquals(String(follower), "[object PageFollower]");
  connection.close();
});

Deno.test("followPage() pauses and resumes a connection many times, and uses up no attempt", async () => {
  using page = new StandInPage();
  const streams = openStreams("id: 1\n\n");
  const states: string[] = [];
  const connection = connect(URL_TEXT, {
    fetch: streams.fetch,
    backoff: { maxAttempts: 2 },
    onStateChange: ({ state }) => states.push(state),
  });
  followPage(connection, { hidden: "disconnect" });
  const done = connection.next();
  for (let i = 1; i <= 6; i++) {
    await streams.requested(i);
    await new Promise((resolve) => setTimeout(resolve, 1));
    page.show("hidden");
    assertEquals(streams.signals[i - 1]?.aborted, true);
    await new Promise((resolve) => setTimeout(resolve, 1));
    page.show("visible");
  }
  await streams.requested(7);
  connection.close();
  assertEquals((await done).done, true);
  assertEquals(streams.ids, [null, ...Array(6).fill("1")]);
  assertEquals(states.at(-1), "closed");
});

Deno.test("followPage() closes a connection that is paused", async () => {
  using page = new StandInPage();
  page.visibilityState = "hidden";
  const streams = openStreams();
  const connection = connect(URL_TEXT, { fetch: streams.fetch });
  followPage(connection, { hidden: "disconnect" });
  const next = connection.next();
  await new Promise((resolve) => setTimeout(resolve, 1));
  connection.close();
  assertEquals(await next, { done: true, value: undefined });
  page.show("visible");
  assertEquals(streams.ids, []);
});

Deno.test("followPage() hands out what came before the page was hidden", async () => {
  using page = new StandInPage();
  const streams = openStreams("id: 1\ndata: a\n\nid: 2\ndata: b\n\n");
  const connection = connect(URL_TEXT, { fetch: streams.fetch });
  followPage(connection, { hidden: "disconnect" });
  assertEquals((await connection.next()).value?.data, "a");
  page.show("hidden");
  assertEquals((await connection.next()).value?.data, "b");
  const next = connection.next();
  await new Promise((resolve) => setTimeout(resolve, 1));
  page.show("visible");
  assertEquals((await next).value?.data, "a");
  assertEquals(streams.ids, [null, "2"]);
  connection.close();
});

Deno.test("followPage() ends no wait when a page is hidden or loaded, and ends it when it is back", async () => {
  using page = new StandInPage();
  let requests = 0;
  const connection = connect(URL_TEXT, {
    fetch: () => {
      requests++;
      return Promise.resolve(eventStream("retry: 600000\n\n"));
    },
  });
  followPage(connection, { staleAfter: Infinity });
  const next = connection.next();
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  await settle();
  page.show("hidden");
  page.dispatch("pageshow");
  await settle();
  assertEquals(requests, 1);
  let expected = 1;
  for (
    const [type, members] of [
      ["visibilitychange", {}],
      ["pageshow", { persisted: true }],
      ["online", {}],
      ["resume", {}],
    ] as const
  ) {
    if (type === "visibilitychange") page.visibilityState = "visible";
    page.dispatch(type, members);
    await settle();
    assertEquals(requests, ++expected, type);
  }
  connection.close();
  await next;
});

Deno.test("followPage() looks again for a connection that broke shortly before the page was back", async () => {
  using page = new StandInPage();
  const streams = openStreams("id: 1\ndata: a\n\n");
  const connection = connect(URL_TEXT, { fetch: streams.fetch });
  followPage(connection, { staleAfter: 300 });
  assertEquals((await connection.next()).value?.data, "a");
  const next = connection.next();
  page.show("visible");
  assertEquals(streams.ids.length, 1);
  await streams.requested(2);
  assertEquals(streams.ids, [null, "1"]);
  await next;
  connection.close();
});

for (
  const [name, delay] of [
    ["right after the page was back", 0],
    ["while it waits to look again", 200],
  ] as const
) {
  Deno.test(`followPage() blames no connection for a process that stands still ${name}`, async () => {
    using page = new StandInPage();
    const stream = new OpenStream("data: a\n\n");
    let requests = 0;
    const connection = connect(URL_TEXT, {
      fetch: () => {
        requests++;
        return Promise.resolve(stream.response);
      },
    });
    const follower = followPage(connection, { staleAfter: 300 });
    assertEquals((await connection.next()).value?.data, "a");
    const next = connection.next();
    page.show("visible");
    let sender: ReturnType<typeof setInterval> | undefined;
    const standStill = (): void => {
      const end = Date.now() + 600;
      while (Date.now() < end) { /* A long task. */ }
      // What came meanwhile is read after the timers that are due.
      sender = setInterval(() => stream.send("data: b\n\n"), 10);
    };
    if (delay === 0) standStill();
    else setTimeout(standStill, delay);
    try {
      assertEquals((await within("an event", next)).value?.data, "b");
      for (let i = 0; i < 50; i++) {
        await within("an event", connection.next());
      }
      assertEquals(requests, 1);
    } finally {
      clearInterval(sender);
      follower.stop();
      connection.close();
    }
  });
}

Deno.test("followPage() sends no request again that is not safe to repeat", async () => {
  using page = new StandInPage();
  const streams = openStreams("data: a\n\n");
  const connection = connect(URL_TEXT, {
    fetch: streams.fetch,
    body: "a question",
  });
  followPage(connection, { hidden: "disconnect", staleAfter: 1 });
  assertEquals((await connection.next()).value?.data, "a");
  page.show("hidden");
  page.show("visible");
  await new Promise((resolve) => setTimeout(resolve, 200));
  assertEquals(streams.signals.map(({ aborted }) => aborted), [false]);
  connection.close();
});

const SOURCE = "a connection or an EventSource of this package";
const REFUSALS: { source?: unknown; options?: unknown; expected: string }[] = [
  { source: undefined, expected: `"source" to be ${SOURCE}, got undefined` },
  { source: null, expected: `"source" to be ${SOURCE}, got null` },
  { source: "/events", expected: `"source" to be ${SOURCE}, got "/events"` },
  { source: new EventTarget(), expected: `to be ${SOURCE}, got an object` },
  { options: 5, expected: '"options" to be an object, got 5' },
  { options: { hidden: "pause" }, expected: '"disconnect", got "pause"' },
  { options: { hidden: true }, expected: '"disconnect", got true' },
  { options: { stale: 5 }, expected: 'there is no option "stale"' },
  { options: { staleAfter: 0 }, expected: "from 1 to 2147483647, got 0" },
  { options: { staleAfter: NaN }, expected: "from 1 to 2147483647, got NaN" },
  { options: { staleAfter: "5" }, expected: 'from 1 to 2147483647, got "5"' },
];

Deno.test("followPage() refuses what is no source and no option, also without a page", () => {
  const connection = connect(URL_TEXT, { fetch: openStreams().fetch });
  for (const { source, options, expected } of REFUSALS) {
    const error = assertThrows(
      () =>
        followPage(
          (options === undefined ? source : connection) as PageSource,
          options as FollowPageOptions,
        ),
      Error,
      expected,
    );
    assertEquals(error.message.startsWith("Cannot follow page: "), true);
  }
  connection.close();
});

Deno.test("followPage() ends no wait for the next attempt when it begins and when it stops", async () => {
  using _page = new StandInPage();
  let calls = 0;
  const lost = Promise.withResolvers<void>();
  const events = connect(URL_TEXT, {
    reconnectionTime: 60_000,
    fetch: () => {
      calls++;
      return Promise.reject(new TypeError("network error"));
    },
    onStateChange: ({ state }) => {
      if (state === "reconnecting") lost.resolve();
    },
  });
  const next = events.next();
  await within("the connection is lost", lost.promise);
  const turn = () => new Promise((resolve) => setTimeout(resolve, 10));
  await turn();
  const follower = followPage(events);
  await turn();
  assertEquals(calls, 1);
  follower.stop();
  await turn();
  assertEquals(calls, 1);
  events.close();
  assertEquals((await next).done, true);
});
