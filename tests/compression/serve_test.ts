// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { ServerSentEventInit } from "../../event.ts";
import { connect } from "../../client.ts";
import { readEvents } from "../../parser.ts";
import {
  type EventSession,
  serveEvents,
  type ServeEventsOptions,
} from "../../server.ts";
import { CODINGS, FETCHED_CODINGS, type TestedCoding } from "./_codings.ts";
import { withServer } from "../support/raw_client.ts";
import { within } from "../support/within.ts";

function makeRequest(acceptEncoding?: string, method = "GET"): Request {
  const headers = new Headers();
  if (acceptEncoding !== undefined) {
    headers.set("accept-encoding", acceptEncoding);
  }
  return new Request("http://localhost/", { method, headers });
}

const EVENTS: ServerSentEventInit[] = Array.from(
  { length: 20 },
  (_, id) => ({ event: "tick", data: `{"symbol":"ABC","price":${id}}`, id }),
);

/** The chunks of a body that ends. */
async function readChunks(response: Response): Promise<Uint8Array[]> {
  // Every response that is given here has a body.
  return await Array.fromAsync(response.body!);
}

for (const coding of CODINGS) {
  Deno.test(`serveEvents() compresses for a client that asks for it: ${coding.name}`, async () => {
    const response = serveEvents(
      makeRequest(`deflate, ${coding.name}`),
      EVENTS,
      { compression: coding.make() },
    );
    assertEquals(Object.fromEntries(response.headers), {
      "cache-control": "no-store, no-transform",
      "content-encoding": coding.name,
      "content-type": "text/event-stream",
      "vary": "Accept-Encoding",
      "x-accel-buffering": "no",
    });
    const chunks = await readChunks(response);
    const plain = await serveEvents(makeRequest(), EVENTS).text();
    assertEquals(coding.readWhole(chunks), plain);
    const size = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    assert(size < plain.length / 2, `${size} of ${plain.length}`);
  });
}

for (const coding of CODINGS) {
  Deno.test(`serveEvents() sends a client that does not ask what it did before: ${coding.name}`, async () => {
    for (
      const acceptEncoding of [
        undefined,
        "deflate",
        `${coding.name};q=0`,
        "identity",
      ]
    ) {
      const request = makeRequest(acceptEncoding);
      const response = serveEvents(request, EVENTS, {
        compression: coding.make(),
      });
      assertEquals(response.headers.get("content-encoding"), null);
      assertEquals(response.headers.get("vary"), "Accept-Encoding");
      assertEquals(
        await response.text(),
        await serveEvents(makeRequest(), EVENTS).text(),
      );
    }
  });
}

for (const coding of CODINGS) {
  Deno.test(`serveEvents() says in its answer to HEAD that it compresses, and names what the answer depends on once each: ${coding.name}`, () => {
    const cors = { origins: ["https://app.example"] };
    const { headers, body } = serveEvents(
      makeRequest(coding.name, "HEAD"),
      [],
      {
        compression: coding.make(),
        cors,
      },
    );
    assertEquals(body, null);
    assertEquals(headers.get("content-encoding"), coding.name);
    assertEquals(headers.get("vary"), "Origin, Accept-Encoding");
  });
}

for (const coding of CODINGS) {
  Deno.test(`serveEvents() throws TypeError if it is to compress and the application names a coding: ${coding.name}`, () => {
    const headers = { "content-encoding": "br" };
    assertThrows(
      () =>
        serveEvents(makeRequest(), [], { compression: coding.make(), headers }),
      TypeError,
      'Cannot serve events: "headers" has "content-encoding", which only the server may set',
    );
  });
}

interface OpenSession {
  session: EventSession;
  reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What was read. */
  chunks: Uint8Array[];
}

/** A session whose events are sent by the test, and whose client has read one comment. */
async function openSession(
  coding: TestedCoding,
  options: ServeEventsOptions = {},
): Promise<OpenSession> {
  const chunks: Uint8Array[] = [];
  let reader!: ReadableStreamDefaultReader<Uint8Array>;
  let first!: Promise<ReadableStreamReadResult<Uint8Array>>;
  const session = await new Promise<EventSession>((resolve) => {
    const response = serveEvents(makeRequest(coding.name), resolve, {
      compression: coding.make(),
      ...options,
    });
    // An answer to GET has a body.
    reader = response.body!.getReader();
    first = reader.read();
  });
  session.comment("open");
  // The session is open, so there is a chunk.
  chunks.push((await first).value!);
  return { session, reader, chunks };
}

/** Reads the rest of a stream that has ended. */
async function readRest({ reader, chunks }: OpenSession): Promise<void> {
  for (;;) {
    const { done, value } = await within("the end", reader.read());
    if (done) return;
    chunks.push(value);
  }
}

for (const coding of CODINGS) {
  Deno.test(`session.send() is complete at once when it is compressed: ${coding.name}`, async () => {
    const open = await openSession(coding);
    const { session, reader, chunks } = open;
    let expected = ": open\n\n";
    for (let id = 0; id < 30; id++) {
      const read = reader.read();
      session.send({ data: `event ${id}`, id });
      expected += `data: event ${id}\nid: ${id}\n\n`;
      chunks.push((await within("an event", read)).value!);
      assertEquals(coding.readSoFar(chunks), expected);
    }
    session.close();
    await readRest(open);
    assertEquals(coding.readWhole(chunks), expected);
  });
}

for (const coding of CODINGS) {
  Deno.test(`maxBuffered counts what is sent, and the stream of a client that is too slow is not whole: ${coding.name}`, async () => {
    const data = "the same again and again ".repeat(400);
    const open = await openSession(coding, { maxBuffered: 20_000 });
    for (let i = 0; i < 50; i++) open.session.send({ data });
    // What waits would be 500 kB.
    assertEquals(await isSettled(open.session.closed), false);
    const noise = crypto.getRandomValues(new Uint8Array(30_000));
    open.session.send({ data: [...noise].join("") });
    assertEquals(await within("the end", open.session.closed), "overflow");
    await readRest(open);
    assertThrows(() => coding.readWhole(open.chunks));
  });
}

/** Whether the promise has been settled by the time that all that is due has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  promise.finally(() => settled = true);
  await new Promise((resolve) => setTimeout(resolve, 0));
  return settled;
}

for (const coding of CODINGS) {
  Deno.test(`serveEvents() ends a compressed stream whole, whatever ends it: ${coding.name}`, async () => {
    const controller = new AbortController();
    const ends: Record<
      string,
      [ServeEventsOptions, (open: OpenSession) => void]
    > = {
      "source": [{}, ({ session }) => session.close()],
      "server": [{ signal: controller.signal }, () => controller.abort()],
      "lifetime": [{ maxDuration: 1 }, () => {}],
    };
    for (const [reason, [options, end]] of Object.entries(ends)) {
      const open = await openSession(coding, options);
      if (reason !== "lifetime") open.session.send({ data: "waits" });
      end(open);
      await readRest(open);
      assertEquals(await open.session.closed, reason);
      const rest = reason === "lifetime" ? "" : "data: waits\n\n";
      assertEquals(coding.readWhole(open.chunks), `: open\n\n${rest}`);
    }
  });
}

for (const coding of CODINGS) {
  Deno.test(`serveEvents() ends the compressed stream of a failing source whole if the error is handled, and cuts it off otherwise: ${coding.name}`, async () => {
    function* fail(): Generator<ServerSentEventInit> {
      yield { data: "first" };
      throw new Error("It fails");
    }
    const handled = serveEvents(makeRequest(coding.name), fail(), {
      compression: coding.make(),
      onError: () => {},
    });
    assertEquals(
      coding.readWhole(await readChunks(handled)),
      "data: first\n\n",
    );
    const thrown = serveEvents(makeRequest(coding.name), fail(), {
      compression: coding.make(),
    });
    await assertRejects(() => readChunks(thrown), Error, "It fails");
  });
}

for (const coding of CODINGS) {
  Deno.test(`serveEvents() keeps a compressed stream alive with a comment: ${coding.name}`, async () => {
    const open = await openSession(coding, { keepAlive: 1 });
    const { value } = await within("a comment", open.reader.read());
    open.chunks.push(value!);
    open.session.close();
    await readRest(open);
    assertEquals(
      coding.readWhole(open.chunks).startsWith(": open\n\n:\n\n"),
      true,
    );
  });
}

for (const coding of FETCHED_CODINGS) {
  Deno.test(`serveEvents() compresses over a socket: fetch gets each event before the next one is sent: ${coding.name}`, async () => {
    const sessions: EventSession[] = [];
    const handler = (request: Request) =>
      serveEvents(request, (session) => void sessions.push(session), {
        compression: coding.make(),
      });
    await withServer(handler, async (port) => {
      const controller = new AbortController();
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        signal: controller.signal,
        headers: { "accept-encoding": coding.name },
      });
      const events = readEvents(response)[Symbol.asyncIterator]();
      for (const init of EVENTS) {
        const next = events.next();
        sessions[0]!.send(init);
        const { value } = await within("an event", next);
        assertEquals(value?.data, init.data);
      }
      sessions[0]!.close();
      assertEquals((await within("the end", events.next())).done, true);
      controller.abort();
    });
  });
}

for (const coding of FETCHED_CODINGS) {
  Deno.test(`connect() resumes after a compressed stream that broke off in the middle: ${coding.name}`, async () => {
    const whole = await readChunks(
      serveEvents(makeRequest(coding.name), EVENTS, {
        compression: coding.make(),
        retry: 1,
      }),
    );
    let requests = 0;
    const handler = (request: Request) => {
      const lastEventId = request.headers.get("last-event-id");
      if (requests++ > 0) {
        const rest = EVENTS.slice(Number(lastEventId ?? -1) + 1);
        return serveEvents(request, rest, { compression: coding.make() });
      }
      // Whole chunks, and half of another: no trailer.
      const chunks = [...whole.slice(0, 5), whole[5]!.slice(0, 7)];
      return new Response(ReadableStream.from(chunks), {
        headers: {
          "content-type": "text/event-stream",
          "content-encoding": coding.name,
        },
      });
    };
    await withServer(handler, async (port) => {
      const ids: string[] = [];
      await using events = connect(`http://127.0.0.1:${port}/`, {
        headers: { "accept-encoding": coding.name },
        backoff: { maxDelay: 1 },
      });
      for await (const { id } of events) {
        ids.push(id ?? "");
        if (ids.length === EVENTS.length) break;
      }
      assertEquals(ids, EVENTS.map(({ id }) => `${id}`));
      assertEquals(requests, 2);
    });
  });
}
