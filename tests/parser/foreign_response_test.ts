// Copyright 2026 the Tidings authors. MIT license.

/** Responses of other libraries, and sources that cannot be cancelled. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventStreamError, readEvents } from "../../parser.ts";
import { within } from "../support/within.ts";

/** A stream of Node, as node-fetch gives one, without the rest of it. */
class NodeStream {
  destroyed = false;
  #chunks: Uint8Array[];

  constructor(text: string) {
    this.#chunks = [new TextEncoder().encode(text)];
  }

  destroy(): this {
    this.destroyed = true;
    return this;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#chunks;
    } finally {
      this.destroyed = true;
    }
  }
}

/** What those libraries have of a response. */
function respond(
  status: number,
  body: unknown,
  headers: unknown = new Headers({ "content-type": "text/event-stream" }),
): Response {
  return { status, headers, ...body === NONE ? {} : { body } } as Response;
}

const NONE = Symbol("no member");

Deno.test("readEvents() reads a response whose body is a stream of Node", async () => {
  for (const text of ["data: a\n\n", "data: a\n\ndata: b\n\n"]) {
    const body = new NodeStream(text);
    for await (const { data } of readEvents(respond(200, body))) {
      assertEquals(data, "a");
      break;
    }
    assertEquals(body.destroyed, true);
  }
});

for (
  const [name, body] of [
    ["a stream of Node", new NodeStream("Slow down")],
    ["no member body", NONE],
    ["undefined for a body", undefined],
    ["null for a body", null],
    ["text for a body", "Slow down"],
    ["a body without cancel()", {}],
    ["a body whose cancel() throws", {
      cancel() {
        throw new Error("the body's");
      },
    }],
    ["a body whose cancel() never settles", {
      cancel: () => new Promise(() => {}),
    }],
    ["a body whose cancel() rejects", {
      cancel: () => Promise.reject(new Error("the body's")),
    }],
  ] as const
) {
  Deno.test(`readEvents() tells the status of a response with ${name}`, async () => {
    const error = await assertRejects(
      () => readEvents(respond(429, body)).next(),
      EventStreamError,
      "429",
    );
    assertEquals(error.code, "unexpected-status");
    assertEquals(error.status, 429);
    assertEquals(error.body, body instanceof NodeStream ? "Slow down" : "");
    if (body instanceof NodeStream) assertEquals(body.destroyed, true);
  });
}

for (const body of [NONE, undefined, null]) {
  Deno.test(`readEvents() says that a body is missing: ${String(body)}`, async () => {
    const error = await assertRejects(
      () => readEvents(respond(200, body)).next(),
      EventStreamError,
    );
    assertEquals(error.code, "missing-body");
    assertEquals(error.contentType, "text/event-stream");
  });
}

Deno.test("readEvents() reads a request of Node, which has headers, as an iterable", async () => {
  const request = Object.assign(new NodeStream("data: a\n\n"), {
    headers: { host: "a" },
  });
  const events = await Array.fromAsync(readEvents(request));
  assertEquals(events.map(({ data }) => data), ["a"]);
});

Deno.test("readEvents() says that a body of another kind is no source", () => {
  for (const body of ["data: a\n\n", {}]) {
    assertThrows(
      () => readEvents(respond(200, body)),
      TypeError,
      "Cannot read events",
    );
  }
});

Deno.test("readEvents() does not wait for a cancel() or return() that never settles", async () => {
  const never = new Promise<never>(() => {});
  const sources = {
    "a stream": new ReadableStream<Uint8Array>({
      start(controller): void {
        controller.enqueue(new TextEncoder().encode("data: a\n\n"));
      },
      cancel: () => never,
    }),
    "an iterable": {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          Promise.resolve({
            done: false as const,
            value: new TextEncoder().encode("data: a\n\n"),
          }),
        return: () => never,
      }),
    },
  };
  for (const [name, source] of Object.entries(sources)) {
    const read = async () => {
      for await (const _ of readEvents(source)) break;
    };
    await within(`break of ${name}`, read());
  }
  const stream = new ReadableStream<Uint8Array>({ cancel: () => never });
  const events = readEvents(stream);
  const error = new Error("mine");
  await within(
    "throw()",
    assertRejects(() => events.throw!(error), Error, "mine"),
  );
});

for (
  const chunks of [
    ["data: a\n\n"],
    ["data: a", "\n\n"],
    ["x".repeat(100)],
    [5],
    [
      null,
    ],
  ]
) {
  Deno.test(`readEvents() says that chunks are no bytes: ${JSON.stringify(chunks)}`, async () => {
    const bytes = new TextEncoder().encode("data: first\n\n");
    for (const source of [[bytes, ...chunks], chunks]) {
      let isReleased = false;
      const iterable = (async function* () {
        try {
          yield* source as Uint8Array[];
        } finally {
          isReleased = true;
        }
      })();
      const events = readEvents(iterable);
      if (source !== chunks) {
        assertEquals((await events.next()).value?.data, "first");
      }
      await assertRejects(
        () => events.next(),
        TypeError,
        "Cannot read events: expected a Uint8Array, got ",
      );
      assertEquals(isReleased, true);
    }
  });
}
