// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals } from "@std/assert";
import type { ServerSentEventInit } from "../../event.ts";
import {
  type CloseReason,
  type EventSession,
  serveEvents,
  type ServeEventsOptions,
  type ServeEventsSource,
} from "../../server.ts";
import { BodyReader } from "../support/body_reader.ts";
import { recordWarnings } from "../support/warnings.ts";

/** A source that gives one event and then waits for good, and counts its releases. */
class WaitingSource implements AsyncIterableIterator<ServerSentEventInit> {
  asked = 0;
  returned = 0;
  /** Called when the source is released; may throw or reject. */
  onReturn: () => unknown = () => {};

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<ServerSentEventInit>> {
    this.asked++;
    return this.asked === 1
      ? Promise.resolve({ done: false, value: { data: "first" } })
      : new Promise(() => {});
  }

  async return(): Promise<IteratorResult<ServerSentEventInit>> {
    this.returned++;
    await this.onReturn();
    return { done: true, value: undefined };
  }
}

const TURN = () => new Promise((resolve) => setTimeout(resolve, 0));

interface Served {
  session: EventSession;
  body: BodyReader;
  source: WaitingSource;
  errors: unknown[];
  shutdown: AbortController;
  departure: AbortController;
}

/** A session whose first event was read by a client that now pauses. */
async function serveWaiting(options: ServeEventsOptions = {}): Promise<Served> {
  const source = new WaitingSource();
  const errors: unknown[] = [];
  const shutdown = new AbortController();
  const departure = new AbortController();
  const request = new Request("http://localhost/", {
    signal: departure.signal,
  });
  let session!: EventSession;
  const response = serveEvents(request, (given) => {
    session = given;
    return source;
  }, {
    signal: shutdown.signal,
    onError: (error) => errors.push(error),
    maxBuffered: 50,
    ...options,
  });
  const body = new BodyReader(response);
  assertEquals(await body.read(), "data: first\n\n");
  return { session, body, source, errors, shutdown, departure };
}

const ENDS: Record<string, {
  reason: CloseReason;
  end: (served: Served) => unknown;
}> = {
  "the client leaves": { reason: "client", end: ({ body }) => body.cancel() },
  "request.signal": {
    reason: "client",
    end: ({ departure }) => departure.abort(),
  },
  "close()": { reason: "source", end: ({ session }) => session.close() },
  "the signal": { reason: "server", end: ({ shutdown }) => shutdown.abort() },
  "overflow": {
    reason: "overflow",
    end: ({ session }) => {
      for (let i = 0; i < 10; i++) session.send({ data: "0123456789" });
    },
  },
};

for (const [first, { reason, end }] of Object.entries(ENDS)) {
  for (const [second, { end: endAgain }] of Object.entries(ENDS)) {
    Deno.test(`serveEvents() closes once, for the first reason: ${first}, then ${second}`, async () => {
      const served = await serveWaiting();
      const { session, source, errors } = served;
      let aborts = 0;
      session.signal.addEventListener("abort", () => aborts++);
      await end(served);
      await endAgain(served);
      assertEquals(await session.closed, reason);
      await TURN();
      assertEquals(source.returned, 1);
      assertEquals(aborts, 1);
      assertEquals(errors, []);
    });
  }
}

Deno.test("serveEvents() ends the body on every close but the client's own", async () => {
  for (const end of ["request.signal", "close()", "the signal", "overflow"]) {
    const served = await serveWaiting();
    await ENDS[end]?.end(served);
    await served.body.readAll();
  }
});

Deno.test("serveEvents() closes as lifetime after maxDuration", async () => {
  const { session, source, body } = await serveWaiting({ maxDuration: 1 });
  assertEquals(await session.closed, "lifetime");
  assertEquals(await body.read(), undefined);
  assertEquals(source.returned, 1);
});

Deno.test("serveEvents() closes as error if the source throws", async () => {
  let session!: EventSession;
  const response = serveEvents(new Request("http://localhost/"), (given) => {
    session = given;
    throw new Error("no");
  }, { onError() {} });
  assertEquals(await response.text(), "");
  assertEquals(await session.closed, "error");
});

Deno.test("serveEvents() does not return an iterator that has ended or thrown", async () => {
  for (const isThrowing of [false, true]) {
    let returned = 0;
    const source: AsyncIterator<ServerSentEventInit> = {
      next: () =>
        isThrowing
          ? Promise.reject(new Error("no"))
          : Promise.resolve({ done: true, value: undefined }),
      return: () => {
        returned++;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    const response = serveEvents(
      new Request("http://localhost/"),
      { [Symbol.asyncIterator]: () => source },
      { onError() {} },
    );
    assertEquals(await response.text(), "");
    assertEquals(returned, 0);
  }
});

Deno.test("serveEvents() asks for nothing if the signal was aborted before", async () => {
  const source = new WaitingSource();
  const response = serveEvents(new Request("http://localhost/"), source, {
    signal: AbortSignal.abort(),
  });
  assertEquals(await new BodyReader(response).read(), undefined);
  assertEquals([source.asked, source.returned], [0, 1]);
});

Deno.test("serveEvents() releases the source unused if the client leaves before it reads", async () => {
  const source = new WaitingSource();
  const response = serveEvents(new Request("http://localhost/"), source);
  await response.body?.cancel();
  assertEquals([source.asked, source.returned], [0, 1]);
});

Deno.test("serveEvents() releases the source unused if the request is aborted", async () => {
  const departure = new AbortController();
  const { signal } = departure;
  const request = new Request("http://localhost/", { signal });
  const source = new WaitingSource();
  const response = serveEvents(request, source);
  departure.abort();
  const late = new WaitingSource();
  await serveEvents(request, late).body?.cancel();
  await response.body?.cancel();
  assertEquals([source.asked, source.returned], [0, 1]);
  assertEquals([late.asked, late.returned], [0, 1]);
});

for (const method of ["HEAD", "OPTIONS", "POST"]) {
  Deno.test(`serveEvents() releases the source unused on ${method}`, async () => {
    const request = new Request("http://localhost/", { method });
    const source = new WaitingSource();
    await serveEvents(request, source).body?.cancel();
    assertEquals([source.asked, source.returned], [0, 1]);

    let isCancelled = false;
    const stream = new ReadableStream<ServerSentEventInit>({
      cancel() {
        isCancelled = true;
      },
    });
    await serveEvents(request, stream).body?.cancel();
    assert(isCancelled);

    let isCalled = false;
    const response = serveEvents(request, () => {
      isCalled = true;
    });
    await response.body?.cancel();
    await TURN();
    assert(!isCalled);
  });
}

Deno.test("serveEvents() cancels a stream that is being waited for", async () => {
  let isCancelled = false;
  const stream = new ReadableStream<ServerSentEventInit>({
    start: (controller) => controller.enqueue({ data: "first" }),
    cancel() {
      isCancelled = true;
    },
  });
  const response = serveEvents(new Request("http://localhost/"), stream);
  const body = new BodyReader(response);
  await body.read();
  const second = body.read();
  await TURN();
  await body.cancel();
  await second;
  assert(isCancelled);
});

Deno.test("serveEvents() releases what the source function returns after the close", async () => {
  const source = new WaitingSource();
  let fulfil!: (source: WaitingSource) => void;
  const promise = new Promise<WaitingSource>((resolve) => fulfil = resolve);
  let session!: EventSession;
  const response = serveEvents(new Request("http://localhost/"), (given) => {
    session = given;
    return promise;
  });
  const body = new BodyReader(response);
  const first = body.read();
  await TURN();
  await body.cancel();
  assertEquals(await session.closed, "client");
  fulfil(source);
  await first;
  await TURN();
  assertEquals([source.asked, source.returned], [0, 1]);
});

Deno.test("serveEvents() lets an async generator that waits end by session.signal", async () => {
  const ended: string[] = [];
  async function* source(
    { signal }: EventSession,
  ): AsyncGenerator<ServerSentEventInit> {
    try {
      yield { data: "first" };
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    } finally {
      ended.push("finally");
    }
  }
  const errors: unknown[] = [];
  const response = serveEvents(new Request("http://localhost/"), source, {
    onError: (error) => errors.push(error),
  });
  const body = new BodyReader(response);
  await body.read();
  const second = body.read();
  await TURN();
  await body.cancel();
  await second;
  await TURN();
  assertEquals(ended, ["finally"]);
  assertEquals(errors, []);
});

Deno.test("serveEvents() tells onError what is thrown while the source is released", async () => {
  const error = new Error("cannot release");
  for (const isAsync of [false, true]) {
    const { source, body, session, errors } = await serveWaiting();
    source.onReturn = () => {
      if (isAsync) return Promise.reject(error);
      throw error;
    };
    await body.cancel();
    assertEquals(await session.closed, "client");
    await TURN();
    assertEquals(errors, [error]);
  }
});

Deno.test("serveEvents() warns of a source that fails while it is released, without onError", async () => {
  using recorder = recordWarnings();
  const source = new WaitingSource();
  source.onReturn = () => Promise.reject(new Error("cannot release"));
  const response = serveEvents(new Request("http://localhost/"), source);
  const body = new BodyReader(response);
  await body.read();
  await body.cancel();
  await TURN();
  assertEquals(source.returned, 1);
  assertEquals(recorder.codes, ["TIDINGS_SOURCE"]);
});

Deno.test("serveEvents() does not warn of a source that its signal has stopped, or that failed before the end", async () => {
  using recorder = recordWarnings();
  const errors = [
    new DOMException("The operation was aborted", "AbortError"),
    new Error("wrapped"),
  ];
  for (const error of errors) {
    const source = async function* ({ signal }: EventSession) {
      yield { data: "a" };
      if (error.name === "AbortError") {
        await new Promise((resolve) =>
          signal.addEventListener("abort", resolve)
        );
      }
      throw error;
    };
    const response = serveEvents(new Request("http://localhost/"), source);
    const body = new BodyReader(response);
    await body.read();
    if (error.name === "AbortError") await body.cancel();
    else await body.read().catch(() => {});
    await TURN();
  }
  assertEquals(recorder.codes, []);
});

Deno.test("serveEvents() survives an onError that throws, and warns", async () => {
  using recorder = recordWarnings();
  const response = serveEvents(new Request("http://localhost/"), () => {
    throw new Error("The source is broken");
  }, {
    onError() {
      throw new Error("The handler is broken");
    },
  });
  assertEquals(await response.text(), "");
  assertEquals(recorder.codes, ["TIDINGS_CALLBACK"]);
});

Deno.test("serveEvents() leaves no listener on the signals", async () => {
  const { signal } = new AbortController();
  const countListeners = watchListeners(signal);
  const sources: ServeEventsSource[] = [
    [{ data: "1" }],
    (session) => session.close(),
  ];
  for (const source of sources) {
    const request = new Request("http://localhost/");
    const countDepartures = watchListeners(request.signal);
    const response = serveEvents(request, source, { signal });
    assertEquals(countDepartures(), 1);
    await response.text();
    assertEquals([countListeners(), countDepartures()], [0, 0]);
  }
});

/** Counts the listeners of a signal from now on. */
function watchListeners(signal: AbortSignal): () => number {
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  };
  return () => listeners;
}

Deno.test("serveEvents() releases a generator that closes the session while it runs", async () => {
  const errors: unknown[] = [];
  let isReleased = false;
  const response = serveEvents(
    new Request("http://localhost/"),
    function* (session) {
      try {
        yield { data: "a" };
        session.close();
        yield { data: "b" };
      } finally {
        isReleased = true;
      }
    },
    { onError: (error) => errors.push(error) },
  );
  assertEquals(await response.text(), "data: a\n\n");
  assertEquals(isReleased, true);
  assertEquals(errors, []);
});
