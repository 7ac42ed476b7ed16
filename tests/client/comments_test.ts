// Copyright 2026 the Tidings authors. MIT license.

/** Comments come in the order of the stream, however it is cut into chunks. */

import { assertEquals, assertRejects } from "@std/assert";
import { connect, type ConnectOptions, EventSource } from "../../client.ts";
import { readEvents } from "../../parser.ts";
import { OpenStream } from "../support/event_server.ts";
import { within } from "../support/within.ts";

const STREAM = ":a\n\n:b\ndata: 1\n\n:c\n:d\n\ndata: 2\n:e\n\ndata: 3\n\n:f\n";
const ORDER = ["a", "b", "1", "c", "d", "e", "2", "3", "f"];

/** Reads the stream and logs its events and comments, until there are so many. */
type Reader = (
  chunks: string[],
  count: number,
  pause?: () => Promise<unknown>,
) => Promise<string[]>;

async function iterate(
  make: (onComment: (text: string) => void) => AsyncIterable<{ data: string }>,
  count: number,
  pause?: () => Promise<unknown>,
): Promise<string[]> {
  const log: string[] = [];
  const done = Promise.withResolvers<void>();
  const add = (text: string): void => {
    if (log.push(text) === count) done.resolve();
  };
  const loop = async () => {
    for await (const { data } of make(add)) {
      add(data);
      await pause?.();
    }
  };
  await within("all", Promise.race([done.promise, loop()]));
  return log;
}

const READERS: Record<string, Reader> = {
  async "connect()"(chunks, count, pause) {
    const options: ConnectOptions = {
      fetch: () => Promise.resolve(new OpenStream(...chunks).response),
    };
    const { signal, abort } = controls();
    try {
      return await iterate(
        (onComment) => connect("http://a", { ...options, signal, onComment }),
        count,
        pause,
      );
    } finally {
      abort();
    }
  },
  async "readEvents()"(chunks, count, pause) {
    const { signal, abort } = controls();
    try {
      return await iterate(
        (onComment) =>
          readEvents(new OpenStream(...chunks).response, { signal, onComment }),
        count,
        pause,
      );
    } finally {
      abort();
    }
  },
  async EventSource(chunks, count, pause) {
    const log: string[] = [];
    const done = Promise.withResolvers<void>();
    const add = (text: string): void => {
      if (log.push(text) === count) done.resolve();
    };
    const source = new EventSource("http://a", {
      fetch: () => Promise.resolve(new OpenStream(...chunks).response),
      onComment: add,
    });
    source.onmessage = ({ data }) => {
      add(data);
      return pause?.();
    };
    await within("all", done.promise);
    source.close();
    return log;
  },
};

/** Read a stream until a comment's callback throws, and log what came before and the error. */
const FAILING_READERS: Record<
  string,
  (chunks: string[]) => Promise<string[]>
> = {
  "connect()": (chunks) =>
    readToFailure((onComment) =>
      connect("http://a", {
        fetch: () => Promise.resolve(new OpenStream(...chunks).response),
        onComment,
      })
    ),
  "readEvents()": (chunks) =>
    readToFailure((onComment) =>
      readEvents(new OpenStream(...chunks).response, { onComment })
    ),
  async EventSource(chunks) {
    const log: string[] = [];
    const { reportError } = globalThis;
    const source = new EventSource("http://a", {
      fetch: () => Promise.resolve(new OpenStream(...chunks).response),
      onComment: failAfter(log),
    });
    source.onmessage = ({ data }) => void log.push(data);
    const reported = await new Promise<Error>((resolve) => {
      globalThis.reportError = resolve;
    });
    globalThis.reportError = reportError;
    return [...log, reported.message];
  },
};

async function readToFailure(
  make: (onComment: (text: string) => void) => AsyncIterable<{ data: string }>,
): Promise<string[]> {
  const log: string[] = [];
  try {
    for await (const { data } of make(failAfter(log))) log.push(data);
  } catch (error) {
    const { message, cause } = error as Error;
    log.push((cause as Error | undefined)?.message ?? message);
  }
  return log;
}

function failAfter(log: string[]): (text: string) => void {
  return (text) => {
    log.push(text);
    throw new Error("mine");
  };
}

function controls(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

const CUTS: Record<string, string[]> = {
  whole: [STREAM],
  "byte by byte": [...STREAM],
  "line by line": STREAM.split(/(?<=\n)/),
};

for (const [name, read] of Object.entries(READERS)) {
  for (const [cut, chunks] of Object.entries(CUTS)) {
    Deno.test(`${name} calls onComment in the order of the stream, ${cut}`, async () => {
      assertEquals(await read(chunks, ORDER.length), ORDER);
    });
  }

  for (
    const [what, pause] of [
      ["a microtask", () => Promise.resolve()],
      ["a timer", () => new Promise((resolve) => setTimeout(resolve, 0))],
    ] as const
  ) {
    // The class goes on while a listener waits.
    if (name === "EventSource" && what === "a timer") continue;
    Deno.test(`${name} keeps the order while the consumer awaits ${what}`, async () => {
      assertEquals(await read([STREAM], ORDER.length, pause), ORDER);
    });
  }
}

for (const make of [connectTo, readFrom]) {
  Deno.test(`${make.name}() calls onComment for what follows an event once the next one is asked for`, async () => {
    const comments: string[] = [];
    const events = make(
      "data: 1\n\n:a\ndata: 2\n\n:b\n",
      (text) => comments.push(text),
    );
    assertEquals((await events.next()).value?.data, "1");
    assertEquals(comments, []);
    assertEquals((await events.next()).value?.data, "2");
    assertEquals(comments, ["a"]);
    const last = events.next();
    assertEquals(comments, ["a", "b"]);
    await events.return?.();
    await last;
  });

  Deno.test(`${make.name}() calls onComment for nothing that was dropped`, async () => {
    const comments: string[] = [];
    const events = make(
      "data: 1\n\ndata: 2\n\n:a\n",
      (text) => comments.push(text),
    );
    await events.next();
    await events.return?.();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(comments, []);
  });

  Deno.test(`${make.name}() hands out the events before a comment whose callback throws`, async () => {
    const events = make("data: 1\n\n:a\n", () => {
      throw new Error("mine");
    });
    assertEquals((await events.next()).value?.data, "1");
    await assertRejects(() => within("next()", events.next()));
    assertEquals((await events.next()).done, true);
  });
}

const FAILING = "id: 1\ndata: 1\n\n:a\nid: 2\ndata: 2\n\n:b\n\ndata: 3\n\n";

for (
  const [cut, chunks] of Object.entries({
    whole: [FAILING],
    "byte by byte": [...FAILING],
    "line by line": FAILING.split(/(?<=\n)/),
  })
) {
  for (const [name, read] of Object.entries(FAILING_READERS)) {
    Deno.test(`${name} hands out nothing after a comment whose callback throws, ${cut}`, async () => {
      assertEquals(await within("the end", read(chunks)), ["1", "a", "mine"]);
    });
  }

  Deno.test(`connect() resumes before a comment whose callback has thrown, ${cut}`, async () => {
    const ids: (string | null)[] = [];
    const log: string[] = [];
    await using events = connect("http://a", {
      reconnectionTime: 1,
      shouldReconnect: () => true,
      fetch: (_, { headers }) => {
        ids.push(new Headers(headers).get("last-event-id"));
        return Promise.resolve(
          new OpenStream(...(ids.length === 1 ? chunks : ["data: 4\n\n"]))
            .response,
        );
      },
      onComment: (text) => {
        log.push(text);
        throw new Error("mine");
      },
    });
    for (let i = 0; i < 2; i++) {
      const { value } = await within("next()", events.next());
      log.push(value?.data ?? "");
    }
    assertEquals(log, ["1", "a", "4"]);
    assertEquals(ids, [null, "1"]);
    assertEquals(events.lastEventId, "1");
  });
}

function connectTo(text: string, onComment: (text: string) => void) {
  return connect("http://a", {
    onComment,
    fetch: () => Promise.resolve(new OpenStream(text).response),
  });
}

function readFrom(text: string, onComment: (text: string) => void) {
  return readEvents(new OpenStream(text).response, { onComment });
}
