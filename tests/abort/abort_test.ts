// Copyright 2026 the Tidings authors. MIT license.

/** Signals that many streams share, such as the one by which a server shuts down. */

import { assertEquals, assertLess, assertRejects } from "@std/assert";
import { listenForAbort } from "../../_abort.ts";
import { EventChannel } from "../../channel.ts";
import { connect, EventSource } from "../../client.ts";
import { MemoryEventLog, MemoryEventLogs } from "../../log.ts";
import { AppendQueue } from "../../logs/_engine/append_queue.ts";
import { orAborted, retry } from "../../logs/_engine/retry.ts";
import { readEvents } from "../../parser.ts";
import { serveEvents } from "../../server.ts";
import { SharedEventSource } from "../../shared/mod.ts";
import { serveSocket } from "../../socket/server.ts";
import { within } from "../support/within.ts";

const STREAMS = 20;

/** What is used of the `process` of Node, Deno and Bun. */
interface WarningSource {
  on?: (name: "warning", listener: (warning: Error) => void) => void;
  off?: (name: "warning", listener: (warning: Error) => void) => void;
}

/** A signal that counts its own listeners. */
class CountedSignal {
  readonly signal: AbortSignal;
  readonly abort: () => void;
  /** How many there are now, and how many there were at most. */
  count = 0;
  most = 0;

  constructor() {
    const controller = new AbortController();
    const { signal } = controller;
    this.signal = signal;
    this.abort = () => controller.abort();
    const add = signal.addEventListener.bind(signal) as (
      ...args: unknown[]
    ) => void;
    const remove = signal.removeEventListener.bind(signal) as typeof add;
    const change = (by: number): void => {
      this.count += by;
      this.most = Math.max(this.most, this.count);
    };
    Object.assign(signal, {
      addEventListener(...args: unknown[]) {
        change(1);
        add(...args);
      },
      removeEventListener(...args: unknown[]) {
        change(-1);
        remove(...args);
      },
    });
  }
}

/** Begins what lasts until the signal is aborted. Gives what is to be awaited then. */
type Open = (signal: AbortSignal) => unknown;

const REQUEST_URL = "http://localhost/";

function never(): Promise<never> {
  return new Promise(() => {});
}

const FETCH = { fetch: never };

const OPENERS: Record<string, () => Open> = {
  "serveEvents()": () => (signal) =>
    serveEvents(new Request(REQUEST_URL), () => {}, { signal }).text(),
  "EventChannel.serve()": () => {
    const channel = new EventChannel();
    return (signal) =>
      channel.serve(new Request(REQUEST_URL), { signal }).text();
  },
  "serveSocket()": () => async (signal) => {
    const headers = { "socket-session": "new" };
    const request = new Request(REQUEST_URL, { headers });
    const response = await serveSocket(request, () => {}, { signal });
    await response.body?.cancel();
  },
  "connect()": () => (signal) =>
    connect(REQUEST_URL, { ...FETCH, signal }).next(),
  "EventSource": () => (signal) => {
    new EventSource(REQUEST_URL, { ...FETCH, signal });
  },
  "SharedEventSource": () => (signal) => {
    new SharedEventSource(REQUEST_URL, { ...FETCH, signal });
  },
  "readEvents()": () => (signal) =>
    readEvents(new ReadableStream(), { signal }).next().catch(() => {}),
  "MemoryEventLog.follow()": () => {
    const log = new MemoryEventLog();
    return (signal) => log.follow(() => {}, { signal }).catch(() => {});
  },
  "MemoryEventLogs.open().follow()": () => {
    const logs = new MemoryEventLogs();
    return (signal) =>
      logs.open("a").follow(() => {}, { signal }).catch(() => logs.close());
  },
  "AppendQueue.append()": () => {
    const queue = new AppendQueue({ items: 1, bytes: 1 }, never);
    return (signal) => void queue.append("a", 1, signal).catch(() => {});
  },
  "orAborted()": () => (signal) => orAborted(never(), signal).catch(() => {}),
  "retry()": () => (signal) =>
    retry(never, {
      timeout: 60_000,
      verb: "try",
      classifyError: () => "final",
      signal,
    }).catch(() => {}),
};

for (const [name, make] of Object.entries(OPENERS)) {
  Deno.test(`${name} adds few listeners to a signal that ${STREAMS} of it share, and warns of no leak`, async () => {
    const { process } = globalThis as { process?: WarningSource };
    const leaks: string[] = [];
    const onWarning = ({ name, message }: Error): void => {
      if (name === "MaxListenersExceededWarning") leaks.push(message);
    };
    process?.on?.("warning", onWarning);
    const shared = new CountedSignal();
    try {
      const open = make();
      const ends = Array.from({ length: STREAMS }, () => open(shared.signal));
      // What begins in a later turn of the event loop.
      await new Promise((resolve) => setTimeout(resolve, 10));
      assertLess(shared.most, 3);
      shared.abort();
      await within("the ends", Promise.all(ends));
      await new Promise((resolve) => setTimeout(resolve, 0));
    } finally {
      process?.off?.("warning", onWarning);
    }
    assertEquals(shared.count, 0);
    assertEquals(leaks, []);
  });
}

Deno.test("listenForAbort() calls each listener once, in their order", () => {
  const { signal, abort } = new CountedSignal();
  const calls: string[] = [];
  const same = (): void => void calls.push("same");
  listenForAbort(signal, () => calls.push("a"));
  listenForAbort(signal, same);
  listenForAbort(signal, same);
  listenForAbort(signal, () => calls.push("b"));
  abort();
  abort();
  assertEquals(calls, ["a", "same", "same", "b"]);
});

Deno.test("listenForAbort() does not call a listener that was removed", () => {
  const { signal, abort } = new CountedSignal();
  const calls: string[] = [];
  const removers = ["a", "b", "c"].map((name) =>
    listenForAbort(signal, () => {
      calls.push(name);
      if (name === "b") removers[2]!();
    })
  );
  removers[0]!();
  removers[0]!();
  abort();
  removers[1]!();
  assertEquals(calls, ["b"]);
});

Deno.test("listenForAbort() leaves nothing on a signal once its listeners are removed, and begins anew", () => {
  const shared = new CountedSignal();
  const calls: string[] = [];
  const first = listenForAbort(shared.signal, () => calls.push("first"));
  const second = listenForAbort(shared.signal, () => calls.push("second"));
  first();
  assertEquals(shared.count, 1);
  second();
  assertEquals(shared.count, 0);
  listenForAbort(shared.signal, () => calls.push("third"));
  // These belong to the listeners before.
  first();
  second();
  assertEquals(shared.count, 1);
  shared.abort();
  assertEquals(calls, ["third"]);
});

Deno.test("listenForAbort() does nothing without a signal, or with one that is aborted", () => {
  const calls: string[] = [];
  listenForAbort(undefined, () => calls.push("none"))();
  listenForAbort(AbortSignal.abort(), () => calls.push("aborted"))();
  assertEquals(calls, []);
});

Deno.test("readEvents() throws the timeout of a signal that others share", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const reads = Array.from(
    { length: 3 },
    () => readEvents(new ReadableStream(), { signal }).next(),
  );
  const failure = new DOMException("enough", "TimeoutError");
  controller.abort(failure);
  for (const read of reads) {
    await assertRejects(() => read, DOMException, "enough");
  }
});
