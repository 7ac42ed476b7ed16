// Copyright 2026 the Tidings authors. MIT license.

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import type { ServerSentEventInit } from "../../event.ts";
import {
  type EventSession,
  serveEvents,
  type ServeEventsOptions,
  type ServeEventsSource,
} from "../../server.ts";
import { BodyReader } from "../support/body_reader.ts";
import { headerValueOf } from "../support/header_value.ts";

const EVENTS: ServerSentEventInit[] = [
  { event: "tick", data: "1", id: 1 },
  { data: "2" },
];
const TEXT = "event: tick\ndata: 1\nid: 1\n\ndata: 2\n\n";
const SECRET = "password=hunter2";

function makeRequest(headers: Record<string, string> = {}): Request {
  return new Request("http://localhost/", { headers });
}

function serve(
  source: ServeEventsSource,
  options?: ServeEventsOptions,
): BodyReader {
  return new BodyReader(serveEvents(makeRequest(), source, options));
}

async function* generate(): AsyncGenerator<ServerSentEventInit> {
  await Promise.resolve();
  yield* EVENTS;
}

/** Options that keep what goes wrong. */
function collectErrors(): { errors: unknown[]; onError(error: unknown): void } {
  const errors: unknown[] = [];
  return { errors, onError: (error) => errors.push(error) };
}

const SOURCES: { name: string; source: () => ServeEventsSource }[] = [
  { name: "an array", source: () => EVENTS },
  { name: "another iterable", source: () => new Set(EVENTS) },
  { name: "an async iterable", source: generate },
  { name: "a ReadableStream", source: () => ReadableStream.from(EVENTS) },
  { name: "a function that returns an iterable", source: () => () => EVENTS },
  { name: "a generator function", source: () => generate },
  {
    name: "a function that returns a ReadableStream",
    source: () => () => ReadableStream.from(EVENTS),
  },
  {
    name: "an async function",
    source: () => () => Promise.resolve(generate()),
  },
];

for (const { name, source } of SOURCES) {
  Deno.test(`serveEvents() serves the events of ${name}, then ends`, async () => {
    assertEquals(await serve(source()).readAll(), TEXT);
  });
}

Deno.test("serveEvents() ends at once if there are no events", async () => {
  assertEquals(await serve([]).readAll(), "");
});

for (const isAsync of [false, true]) {
  const kind = isAsync ? "an async function" : "a function";
  Deno.test(`serveEvents() stays open if ${kind} returns nothing`, async () => {
    let session!: EventSession;
    const body = serve((given) => {
      session = given;
      return isAsync ? Promise.resolve() : undefined;
    });
    const first = body.read();
    // The function has returned long before, and only this ends the read.
    await new Promise((resolve) => setTimeout(resolve, 0));
    session.send({ data: "later" });
    const text = await first;
    // The first byte goes out in the same turn of the timers as the event, or before it.
    const next = text === ":\n\n" ? await body.read() : text;
    assertEquals(next, "data: later\n\n");
    session.close();
    assertEquals(await body.read(), undefined);
    assertEquals(await session.closed, "source");
  });
}

Deno.test("serveEvents() asks for an event only when the client waits for one", async () => {
  let asked = 0;
  function* source(): Generator<ServerSentEventInit> {
    for (;;) yield { data: `${asked++}` };
  }
  const body = serve(source());
  for (let reads = 0; reads < 5; reads++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(asked, reads);
    assertEquals(await body.read(), `data: ${reads}\n\n`);
  }
  await body.cancel();
});

Deno.test("serveEvents() asks for no event while the client has yet to take retry", async () => {
  let asked = 0;
  function* source(): Generator<ServerSentEventInit> {
    asked++;
    yield { data: "1" };
  }
  const body = serve(source(), { retry: 5 });
  assertEquals(await body.read(), "retry: 5\n\n");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(asked, 0);
  assertEquals(await body.read(), "data: 1\n\n");
  await body.cancel();
});

Deno.test("serveEvents() hands on an event before it asks for the next", async () => {
  const never = new Promise<never>(() => {});
  const body = serve(async function* ({ signal }) {
    yield { data: "now" };
    await Promise.race([never, new Promise((r) => (signal.onabort = r))]);
  });
  assertEquals(await body.read(), "data: now\n\n");
  await body.cancel();
});

Deno.test("serveEvents() does not touch the source before the body is read", async () => {
  let isTouched = false;
  const source = {
    [Symbol.iterator]() {
      isTouched = true;
      return [][Symbol.iterator]();
    },
  };
  const responses = [
    serveEvents(makeRequest(), source),
    serveEvents(makeRequest(), () => {
      isTouched = true;
    }),
  ];
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(isTouched, false);
  for (const { body } of responses) await body?.cancel();
});

Deno.test("serveEvents() tells the source function about the request", async () => {
  const request = new Request("http://localhost/?last=7");
  let session!: EventSession;
  const response = serveEvents(request, (given) => {
    session = given;
    return [];
  }, { lastEventIdParameter: "last" });
  await response.body?.pipeTo(new WritableStream());
  assertStrictEquals(session.request, request);
  assertEquals(session.lastEventId, "7");
});

const LAST_EVENT_ID_ROWS: {
  name: string;
  header?: string;
  query?: string;
  expected: string | undefined;
}[] = [
  { name: "neither", expected: undefined },
  { name: "the header", header: "42", expected: "42" },
  { name: "the bytes of UTF-8", header: "caf\xc3\xa9", expected: "café" },
  { name: "a byte order mark", header: "\xef\xbb\xbfa", expected: "\ufeffa" },
  {
    name: "the bytes of UTF-8 beyond Latin-1",
    header: "\xe2\x82\xac \xf0\x9f\xa6\x95",
    expected: "€ 🦕",
  },
  { name: "bytes that are not UTF-8", header: "\xff", expected: "\ufffd" },
  { name: "an empty header", header: "", expected: undefined },
  { name: "the query", query: "last=caf%C3%A9%20%2B", expected: "café +" },
  { name: "an empty query", query: "last=", expected: undefined },
  { name: "another query", query: "first=1", expected: undefined },
  { name: "both", header: "1", query: "last=2", expected: "1" },
];

for (const { name, header, query = "", expected } of LAST_EVENT_ID_ROWS) {
  Deno.test(`serveEvents() reads the last event ID: ${name}`, async () => {
    const request = new Request(`http://localhost/?${query}`, {
      headers: header === undefined
        ? {}
        : { "last-event-id": headerValueOf(header) },
    });
    let actual: string | undefined = "unset";
    const response = serveEvents(request, ({ lastEventId }) => {
      actual = lastEventId;
      return [];
    }, { lastEventIdParameter: "last" });
    await response.body?.pipeTo(new WritableStream());
    assertEquals(actual, expected);
  });
}

Deno.test("serveEvents() reads no query parameter unless told to", async () => {
  const request = new Request("http://localhost/?lastEventId=7");
  const response = serveEvents(
    request,
    ({ lastEventId }) => [{ data: `${lastEventId}` }],
  );
  assertEquals(await response.text(), "data: undefined\n\n");
});

const FAILING_SOURCES: { name: string; source: () => ServeEventsSource }[] = [
  {
    name: "a function that throws",
    source: () => () => {
      throw new Error(SECRET);
    },
  },
  {
    name: "an async function that rejects",
    source: () => () => Promise.reject(new Error(SECRET)),
  },
  {
    name: "a generator that throws",
    source: () => {
      return function* () {
        yield { data: "1" };
        throw new Error(SECRET);
      };
    },
  },
  {
    name: "a stream that errors",
    source: () =>
      new ReadableStream({
        pull: () => Promise.reject(new Error(SECRET)),
      }),
  },
  {
    name: "an iterator that cannot be made",
    source: () => ({
      [Symbol.iterator]: () => {
        throw new Error(SECRET);
      },
    }),
  },
];

for (const { name, source } of FAILING_SOURCES) {
  Deno.test(`serveEvents() tells onError of ${name}, once, and not the client`, async () => {
    const reports: [unknown, Request][] = [];
    const request = makeRequest();
    const response = serveEvents(request, source(), {
      onError: (...report) => reports.push(report),
    });
    const text = await response.text();
    assert(!text.includes("hunter2"));
    assertEquals(reports.length, 1);
    const [[error, about]] = reports as [[unknown, Request]];
    assertInstanceOf(error, Error);
    assertEquals(error.message, SECRET);
    assertStrictEquals(about, request);
  });

  Deno.test(`serveEvents() fails the body without onError for ${name}`, async () => {
    const error = await assertRejects(() => serve(source()).readAll(), Error);
    assertEquals(error.message, SECRET);
  });
}

const BAD_EVENTS: { name: string; event: unknown; type: typeof TypeError }[] = [
  { name: "an id with a line feed", event: { id: "1\n2" }, type: TypeError },
  { name: "a negative retry", event: { retry: -1 }, type: RangeError },
  { name: "a string", event: "data", type: TypeError },
  { name: "undefined", event: undefined, type: TypeError },
];

for (const { name, event, type } of BAD_EVENTS) {
  Deno.test(`serveEvents() sends nothing of an event that is bad, and releases the source: ${name}`, async () => {
    let isReleased = false;
    function* source(): Generator<ServerSentEventInit> {
      try {
        yield { data: "good" };
        yield event as ServerSentEventInit;
        yield { data: "never" };
      } finally {
        isReleased = true;
      }
    }
    const { errors, onError } = collectErrors();
    const text = await serve(source(), { onError }).readAll();
    assertEquals(text, "data: good\n\n");
    assertEquals(errors.length, 1);
    assertInstanceOf(errors[0], type);
    assert(isReleased);
  });
}

/** What no events can be taken from, and how an error shows it. */
const NOT_ITERABLE: [value: unknown, shown: string][] = [
  ["text", '"text"'],
  [1, "1"],
  [true, "true"],
  [{}, "an object"],
  [null, "null"],
];

Deno.test("serveEvents() tells onError if the function returns what is not iterable", async () => {
  for (const [value, shown] of NOT_ITERABLE) {
    const { errors, onError } = collectErrors();
    const source = (() => value) as unknown as ServeEventsSource;
    assertEquals(await serve(source, { onError }).readAll(), "");
    assertInstanceOf(errors[0], TypeError);
    assertEquals(
      errors[0].message,
      `Cannot serve events: expected "source()" to be an iterable, a stream or nothing, got ${shown}`,
    );
  }
});

for (const [value, shown] of [...NOT_ITERABLE, [undefined, "undefined"]]) {
  Deno.test(`serveEvents() throws TypeError if the source is ${JSON.stringify(value)}`, () => {
    assertThrows(
      () => serveEvents(makeRequest(), value as unknown as ServeEventsSource),
      TypeError,
      `Cannot serve events: expected "source" to be an iterable, a stream or a function, got ${shown}`,
    );
  });
}

Deno.test("serveEvents() tells onError if the stream is locked", async () => {
  const stream = ReadableStream.from(EVENTS);
  const reader = stream.getReader();
  const { errors, onError } = collectErrors();
  assertEquals(await serve(stream, { onError }).readAll(), "");
  assertInstanceOf(errors[0], TypeError);
  await reader.cancel();
});
