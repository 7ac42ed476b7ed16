// Copyright 2026 the Tidings authors. MIT license.

/**
 * What has settled is not cleaned up: Node's `fetch` may end the process when the
 * signal of a request that it has rejected is aborted.
 */

import { assertEquals } from "@std/assert";
import { connect, EventSource } from "../../client.ts";
import { readEvents } from "../../parser.ts";
import { SharedEventSource } from "../../shared/mod.ts";
import { EventStreamSocket } from "../../socket/mod.ts";
import { eventStream } from "../support/event_server.ts";
import { within } from "../support/within.ts";

const BACKOFF = { maxAttempts: 2, maxDelay: 1 };
const STREAM = { "content-type": "text/event-stream" };
const OPENING = JSON.stringify({
  session: "a",
  protocol: "",
  sessionTimeout: 60_000,
  maxBatchSize: 1_000_000,
  acknowledgeAfter: 1_000_000,
});

/** A `fetch` that keeps which requests were aborted after they had settled. */
class WatchfulFetch {
  readonly late: string[] = [];
  readonly #answer: (init: RequestInit, index: number) => Answer;
  #requests = 0;

  constructor(answer: (init: RequestInit, index: number) => Answer) {
    this.#answer = answer;
  }

  readonly fetch = (_url: string, init: RequestInit): Promise<Response> => {
    const index = this.#requests++;
    let settled = "";
    init.signal?.addEventListener("abort", () => {
      if (settled !== "") this.late.push(`request ${index} ${settled}`);
    });
    const answer = this.#answer(init, index);
    if (answer === "reject") {
      settled = "was rejected";
      return Promise.reject(new TypeError("fetch failed"));
    }
    const chunks = answer === "refuse" ? ["no"] : [...answer.chunks];
    const body = new ReadableStream<Uint8Array>({
      pull(controller): void {
        const chunk = chunks.shift();
        if (chunk !== undefined) {
          controller.enqueue(new TextEncoder().encode(chunk));
        } else if (answer !== "refuse" && answer.end === "error") {
          settled = "had a broken body";
          controller.error(new TypeError("terminated"));
        } else {
          settled = "had ended";
          controller.close();
        }
      },
      cancel: () => void (settled = "had a cancelled body"),
    }, { highWaterMark: 0 });
    const status = answer === "refuse" ? 503 : 200;
    return Promise.resolve(eventStream(body, { status }));
  };
}

type Answer =
  | "reject"
  | "refuse"
  | { chunks: readonly string[]; end: "close" | "error" };

const ANSWERS: [string, Answer][] = [
  ["a rejected request", "reject"],
  ["a refusal", "refuse"],
  ["an ended body", { chunks: [": a\n"], end: "close" }],
  ["a broken body", { chunks: [": a\n"], end: "error" }],
  ["a body that breaks at once", { chunks: [], end: "error" }],
];

const CLIENTS: Record<
  string,
  (fetch: WatchfulFetch["fetch"]) => Promise<void>
> = {
  async "connect()"(fetch) {
    const events = connect("http://localhost/", {
      fetch,
      reconnectionTime: 1,
      backoff: BACKOFF,
    });
    try {
      for await (const _ of events);
    } catch {
      // It has failed for good, as it should.
    }
    events.reconnect();
    events.close();
  },
  EventSource: (fetch) =>
    closed(
      new EventSource("http://localhost/", {
        fetch,
        reconnectionTime: 1,
        backoff: BACKOFF,
      }),
    ),
  SharedEventSource: (fetch) =>
    closed(
      new SharedEventSource("http://localhost/", {
        fetch,
        reconnectionTime: 1,
        backoff: BACKOFF,
      }),
    ),
  async EventStreamSocket(fetch) {
    const socket = new EventStreamSocket("http://localhost/", [], {
      fetch,
      reconnectionTime: 1,
      backoff: BACKOFF,
    });
    await new Promise((resolve) => socket.onclose = resolve);
  },
};

function closed(source: EventSource): Promise<void> {
  return new Promise((resolve) => {
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      source.close();
      resolve();
    };
  });
}

for (const [client, run] of Object.entries(CLIENTS)) {
  for (const [what, answer] of ANSWERS) {
    Deno.test(`${client} does not abort ${what}`, async () => {
      const watchful = new WatchfulFetch(() => answer);
      await within("the end", run(watchful.fetch));
      assertEquals(watchful.late, []);
    });
  }
}

for (const [what, answer] of ANSWERS) {
  Deno.test(`EventStreamSocket does not abort ${what} of a POST when it ends`, async () => {
    // Never ends: the socket's stream is there for as long as the test is.
    const stream = eventStream(
      new ReadableStream<Uint8Array>({
        start: (controller) =>
          controller.enqueue(
            new TextEncoder().encode(
              `event: open\ndata: ${OPENING}\n\nid: 1\nevent: close\n` +
                'data: {"code":1000,"reason":""}\n\n',
            ),
          ),
      }),
    );
    const watchful = new WatchfulFetch(() => answer);
    const socket = new EventStreamSocket("http://localhost/", [], {
      fetch: (url, init) =>
        init.method === "POST"
          ? watchful.fetch(url, init)
          : Promise.resolve(stream),
      reconnectionTime: 1,
      backoff: BACKOFF,
    });
    await within(
      "the end",
      new Promise((resolve) => socket.onclose = resolve),
    );
    assertEquals(watchful.late, []);
  });
}

Deno.test("EventStreamSocket does not repeat a POST that was answered, whatever becomes of the body", async () => {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const write = (text: string): void =>
    controller.enqueue(new TextEncoder().encode(text));
  const stream = eventStream(
    new ReadableStream<Uint8Array>({
      start: (given) => void (controller = given),
    }),
  );
  write(`event: open\ndata: ${OPENING}\n\n`);
  const bodies: string[] = [];
  const socket = new EventStreamSocket("http://localhost/", [], {
    reconnectionTime: 1,
    backoff: BACKOFF,
    async fetch(_url, init) {
      if (init.method !== "POST") return stream;
      bodies.push(await new Response(init.body!).text());
      (bodies.length === 1 ? first : second).resolve();
      return new Response(
        new ReadableStream({ cancel: () => Promise.reject(new Error("no")) }),
      );
    },
  });
  const closed = new Promise((resolve) => socket.onclose = resolve);
  socket.onopen = () => socket.send("a");
  await within("the first POST", first.promise);
  socket.send("b");
  await within("the second POST", second.promise);
  write('id: 1\nevent: close\ndata: {"code":1000,"reason":""}\n\n');
  await within("the end", closed);
  assertEquals(bodies.slice(0, 2), [
    "data: a\nid: 1\n\n",
    "data: b\nid: 2\n\n",
  ]);
});

/** Statuses after which a POST of a socket is repeated: those of `connect()`, and no other. */
const TRANSIENT = [408, 425, 429, 500, 502, 503, 504];

for (const status of [...TRANSIENT, 300, 400, 403, 404, 413, 501, 505, 520]) {
  const isTransient = TRANSIENT.includes(status);
  Deno.test(`EventStreamSocket ${isTransient ? "repeats" : "does not repeat"} a POST that was answered with ${status}`, async () => {
    // A POST that is refused ends the socket after the session timeout, or at once with 404.
    const opening = OPENING.replace("60000", "50");
    let posts = 0;
    const socket = new EventStreamSocket("http://localhost/", [], {
      reconnectionTime: 1,
      backoff: BACKOFF,
      // deno-lint-ignore require-await -- it has to be a promise
      async fetch(_url, { method }) {
        if (method === "POST") {
          return new Response(null, { status: posts++ === 0 ? status : 404 });
        }
        return eventStream(
          new ReadableStream<Uint8Array>({
            start(controller): void {
              const text = `event: open\ndata: ${opening}\n\n`;
              controller.enqueue(new TextEncoder().encode(text));
            },
          }),
        );
      },
    });
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.onopen = () => socket.send("a");
    await within("the end", closed);
    assertEquals(posts, isTransient ? 2 : 1);
  });
}

Deno.test("readEvents().return() does nothing if the source has failed", async () => {
  let cancelled = 0;
  let fail!: (error: unknown) => void;
  const body = new ReadableStream<Uint8Array>({
    start(controller): void {
      controller.enqueue(new TextEncoder().encode("data: a\n\n"));
      fail = (error) => controller.error(error);
    },
    cancel: () => void cancelled++,
  });
  const data: string[] = [];
  for await (
    const event of readEvents(new Response(body, { headers: STREAM }))
  ) {
    data.push(event.data);
    fail(new Error("broken"));
    await new Promise((resolve) => setTimeout(resolve, 0));
    break;
  }
  assertEquals([data, cancelled], [["a"], 0]);
});
