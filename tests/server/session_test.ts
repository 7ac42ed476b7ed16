// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertThrows } from "@std/assert";
import {
  type EventSession,
  serveEvents,
  type ServeEventsOptions,
} from "../../server.ts";
import { BodyReader } from "../support/body_reader.ts";

interface OpenSession {
  session: EventSession;
  body: BodyReader;
  /** The read that has opened the session. */
  first: Promise<string | undefined>;
}

/** A session whose source function returned nothing, and whose client waits. */
async function openSession(options?: ServeEventsOptions): Promise<OpenSession> {
  let body!: BodyReader;
  let first!: Promise<string | undefined>;
  const session = await new Promise<EventSession>((resolve) => {
    const request = new Request("http://localhost/");
    body = new BodyReader(serveEvents(request, resolve, options));
    first = body.read();
  });
  return { session, body, first };
}

/** Whether the promise has been settled by the time that all that is due has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.finally(() => settled = true);
  await new Promise((resolve) => setTimeout(resolve, 0));
  return settled;
}

Deno.test("session.send() resolves to true once the client waits for more", async () => {
  const { session, body, first } = await openSession();
  const sent = session.send({ data: "1" });
  assertEquals(await first, "data: 1\n\n");
  assertEquals(await isSettled(sent), false);
  const second = body.read();
  assertEquals(await sent, true);
  session.close();
  assertEquals(await second, undefined);
});

Deno.test("session.send() joins what waits for the client", async () => {
  const { session, body, first } = await openSession();
  for (const data of ["1", "2", "3", "4"]) session.send({ data });
  assertEquals(await first, "data: 1\n\n");
  assertEquals(await body.read(), "data: 2\n\ndata: 3\n\ndata: 4\n\n");
  await body.cancel();
});

Deno.test("session.send() resolves all that wait together", async () => {
  const { session, body } = await openSession();
  const sent = ["1", "2", "3"].map((data) => session.send({ data }));
  await body.read();
  assertEquals(await isSettled(Promise.race(sent)), false);
  const third = body.read();
  assertEquals(await Promise.all(sent), [true, true, true]);
  await body.cancel();
  await third;
});

Deno.test("session.send() resolves to false once the session is closed", async () => {
  const { session, body } = await openSession();
  const pending = session.send({ data: "1" });
  await body.cancel();
  assertEquals(await pending, false);
  assertEquals(await session.send({ data: "2" }), false);
  assertEquals(await session.comment("3"), false);
});

Deno.test("session.send() throws at once on a bad event, and the session stays open", async () => {
  const { session, body, first } = await openSession();
  assertThrows(() => session.send({ id: "1\n2" }), TypeError, '"id"');
  assertThrows(() => session.send({ retry: 1.5 }), RangeError, '"retry"');
  assertThrows(() => session.comment(1 as unknown as string), TypeError);
  session.send({ data: "good" });
  assertEquals(await first, "data: good\n\n");
  await body.cancel();
});

Deno.test("session.comment() sends one line for each line of the text", async () => {
  const { session, body, first } = await openSession();
  session.comment("a\nb");
  assertEquals(await first, ": a\n: b\n\n");
  await body.cancel();
});

Deno.test("session.close() lets what was sent arrive", async () => {
  const { session, body, first } = await openSession();
  for (const data of ["1", "2", "3"]) session.send({ data });
  session.close();
  session.send({ data: "too late" });
  assertEquals(await session.closed, "source");
  assertEquals(await first, "data: 1\n\n");
  assertEquals(await body.readAll(), "data: 2\n\ndata: 3\n\n");
});

Deno.test("session.send() beyond maxBuffered drops what waits and closes as overflow", async () => {
  const { session, body, first } = await openSession({ maxBuffered: 30 });
  session.send({ data: "leaves at once" });
  const kept = session.send({ data: "8 bytes and 12" });
  assertEquals(session.signal.aborted, false);
  assertEquals(await session.send({ data: "one too many" }), false);
  assertEquals(await kept, false);
  assertEquals(await session.closed, "overflow");
  assertEquals(session.signal.aborted, true);
  assertEquals(await first, "data: leaves at once\n\n");
  assertEquals(await body.read(), undefined);
});

Deno.test("session.send() lets exactly maxBuffered bytes wait", async () => {
  const { session, body, first } = await openSession({ maxBuffered: 18 });
  for (const data of ["0", "1", "2"]) session.send({ data });
  assertEquals(session.signal.aborted, false);
  assertEquals(await first, "data: 0\n\n");
  assertEquals(await body.read(), "data: 1\n\ndata: 2\n\n");
  await body.cancel();
});

Deno.test("session.send() lets one event wait, however large", async () => {
  const { session, body, first } = await openSession({ maxBuffered: 0 });
  const data = "x".repeat(100_000);
  session.send({ data: "1" });
  session.send({ data });
  assertEquals(await first, "data: 1\n\n");
  assertEquals(await body.read(), `data: ${data}\n\n`);
  await body.cancel();
});

Deno.test("serveEvents() sends retry before all else", async () => {
  const request = new Request("http://localhost/");
  const response = serveEvents(request, [{ data: "1" }], { retry: 0 });
  assertEquals(await response.text(), "retry: 0\n\ndata: 1\n\n");
});

Deno.test("serveEvents() sends a comment after keepAlive milliseconds of silence, each time", async () => {
  const { body, first } = await openSession({ keepAlive: 1 });
  assertEquals(await first, ":\n\n");
  assertEquals(await body.read(), ":\n\n");
  assertEquals(await body.read(), ":\n\n");
  await body.cancel();
});

Deno.test("serveEvents() sends no comment but the first if keepAlive is 0", async () => {
  const { session, body, first } = await openSession({ keepAlive: 0 });
  assertEquals(await first, ":\n\n");
  const second = body.read();
  const timer = setTimeout(() => session.send({ data: "1" }), 20);
  assertEquals(await second, "data: 1\n\n");
  clearTimeout(timer);
  await body.cancel();
});

Deno.test("serveEvents() sends no comment to a client that does not read", async () => {
  const { session, body, first } = await openSession({ keepAlive: 1 });
  assertEquals(await first, ":\n\n");
  await new Promise((resolve) => setTimeout(resolve, 20));
  session.send({ data: "1" });
  assertEquals(await body.read(), "data: 1\n\n");
  await body.cancel();
});

const NUMBER_ROWS: { option: string; value: unknown; expected: string }[] = [
  { option: "keepAlive", value: -1, expected: "a number from 0 to 2147483647" },
  {
    option: "keepAlive",
    value: NaN,
    expected: "a number from 0 to 2147483647",
  },
  {
    option: "keepAlive",
    value: 2 ** 31,
    expected: "a number from 0 to 2147483647",
  },
  {
    option: "keepAlive",
    value: Infinity,
    expected: "a number from 0 to 2147483647",
  },
  {
    option: "maxDuration",
    value: -1,
    expected: "a number from 0 to 2147483647",
  },
  {
    option: "maxDuration",
    value: NaN,
    expected: "a number from 0 to 2147483647",
  },
  {
    option: "maxDuration",
    value: 2 ** 31,
    expected: "a number from 0 to 2147483647",
  },
  { option: "maxBuffered", value: -1, expected: "a number of at least 0" },
  { option: "maxBuffered", value: NaN, expected: "a number of at least 0" },
  { option: "retry", value: -1, expected: "an integer from 0 to 2147483647" },
  { option: "retry", value: 1.5, expected: "an integer from 0 to 2147483647" },
  { option: "retry", value: NaN, expected: "an integer from 0 to 2147483647" },
  {
    option: "retry",
    value: 2 ** 31,
    expected: "an integer from 0 to 2147483647",
  },
];

for (const { option, value, expected } of NUMBER_ROWS) {
  Deno.test(`serveEvents() throws RangeError if ${option} is ${value}`, () => {
    assertThrows(
      () =>
        serveEvents(new Request("http://localhost/"), [], { [option]: value }),
      RangeError,
      `Cannot serve events: expected "${option}" to be ${expected}, got ${value}`,
    );
  });
}

for (
  const { option, expected } of NUMBER_ROWS.filter(({ value }) => value === -1)
) {
  Deno.test(`serveEvents() throws TypeError if ${option} is a string`, () => {
    assertThrows(
      () =>
        serveEvents(new Request("http://localhost/"), [], { [option]: "1" }),
      TypeError,
      `Cannot serve events: expected "${option}" to be ${expected}, got "1"`,
    );
  });
}

Deno.test("serveEvents() takes the longest delays, and no limits at all", async () => {
  const request = new Request("http://localhost/");
  const longest = 2 ** 31 - 1;
  for (
    const options of [
      { keepAlive: longest, maxDuration: longest },
      { keepAlive: 0, maxDuration: Infinity, maxBuffered: Infinity },
    ]
  ) {
    assertEquals(
      await serveEvents(request, [{ data: "1" }], options).text(),
      "data: 1\n\n",
    );
  }
});
