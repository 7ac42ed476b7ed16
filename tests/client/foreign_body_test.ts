// Copyright 2026 the Tidings authors. MIT license.

/** A response that says it is an event stream, and is a page or an error. */

import { assertEquals, assertRejects } from "@std/assert";
import { connect, EventSource, EventSourceError } from "../../client.ts";
import { EventStreamError, readEvents } from "../../parser.ts";
import { eventStream } from "../support/event_server.ts";
import { singles } from "../support/outcome.ts";
import { streamOf } from "../support/sources.ts";
import { within } from "../support/within.ts";

const FOREIGN = {
  "JSON": '{"error":{"message":"Rate limit","data":"x"}}',
  "JSON of many lines": '{\n  "error": "Rate limit",\n  "data": 1\n}\n',
  "a list": "[1, 2]",
  "an empty object": "{}",
  "a word": "down",
  "a page": "<!doctype html>\n<title>502</title>\n<p>Bad Gateway\n\n",
  "a page after a byte order mark and blank lines": "\ufeff\n\n<html></html>\n",
  "lines of an error": "error: overloaded\nerror: try later\n\n",
  "text": "upstream connect error or disconnect/reset before headers",
  "a long text": "Sorry. ".repeat(10_000),
  "JSON after blanks": '  \n\t{"data": 1}',
  "the head of a response": "HTTP/1.1 200 OK\r\n\r\n",
  "a field in capitals": "Data: a\n\n",
  "a field without its colon": "data = 1\nevent a\n\n",
  "text with an e-mail": "From: a\nSubject: b\n\nHello\n",
};

const STREAMS = {
  "nothing": "",
  "blank lines": "\r\n\r\n \n",
  "a comment": ": hi\n\n",
  "a comment that was cut": ": hi",
  "an ID": "id: 1\n\n",
  "a reconnection time": "retry: 5\n\n",
  "an event that was cut": "data: {",
  "an event type that was cut": "event: a\ndata",
  "a name that was cut": "retr",
  "a first line that was cut": "\n\nd",
  "an unknown field and a known one": "x: y\ndata: 1\n",
};

for (const [name, text] of Object.entries(FOREIGN)) {
  Deno.test(`readEvents() says that ${name} is no event stream`, async () => {
    const bytes = new TextEncoder().encode(text);
    const sources = {
      "a response": eventStream(text),
      "a stream": streamOf([bytes]),
      "a stream byte by byte": streamOf(singles(bytes.subarray(0, 2000))),
    };
    for (const [kind, source] of Object.entries(sources)) {
      const error = await assertRejects(
        () => Array.fromAsync(readEvents(source)),
        EventStreamError,
        "expected an event stream",
      );
      assertEquals(error.code, "not-an-event-stream", kind);
      assertEquals(error.body, text.replace("\ufeff", "").slice(0, 1024), kind);
    }
  });

  Deno.test(`connect() says that ${name} is no event stream`, async () => {
    for (const method of ["GET", "POST"]) {
      let requests = 0;
      const events = connect("http://a/b?secret", {
        method,
        reconnectionTime: 1,
        fetch: () => {
          requests++;
          return Promise.resolve(eventStream(text));
        },
      });
      const error = await within(
        "an error",
        assertRejects(() => events.next(), EventSourceError),
      );
      assertEquals(error.reason, "not-an-event-stream");
      assertEquals([error.status, error.url], [200, "http://a/b"]);
      assertEquals(error.body, text.replace("\ufeff", "").slice(0, 1024));
      assertEquals(requests, 1);
    }
  });
}

for (const [name, text] of Object.entries(STREAMS)) {
  Deno.test(`readEvents() and connect() take ${name} for an event stream`, async () => {
    assertEquals(await Array.fromAsync(readEvents(eventStream(text))), []);
    const events = connect("http://a", {
      method: "POST",
      fetch: () => Promise.resolve(eventStream(text)),
    });
    assertEquals((await within("the end", events.next())).done, true);
  });
}

Deno.test("readEvents() and connect() do not look at what follows an event", async () => {
  const text = "data: 1\n\n{}\n<p>\nerror: x\n\n";
  const events = await Array.fromAsync(readEvents(eventStream(text)));
  assertEquals(events.map(({ data }) => data), ["1"]);
  const connection = connect("http://a", {
    method: "POST",
    fetch: () => Promise.resolve(eventStream(text)),
  });
  assertEquals((await connection.next()).value?.data, "1");
  assertEquals((await connection.next()).done, true);
});

Deno.test("EventSource tries again after a body that is no event stream, as a browser does", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let requests = 0;
  const source = new EventSource("http://a", {
    reconnectionTime: 1,
    fetch: () => {
      if (++requests === 3) resolve();
      return Promise.resolve(eventStream("{}"));
    },
  });
  await within("the third request", promise);
  source.close();
});

for (const chunks of [["data: a\n\n"], ["data", ": a\n\n"], [5], [{}]]) {
  Deno.test(`connect() fails at once if a body has no bytes: ${JSON.stringify(chunks)}`, async () => {
    let requests = 0;
    const options = {
      reconnectionTime: 1,
      // The body of node-fetch is a stream of Node, which may have an encoding.
      fetch: () => {
        requests++;
        const body = (async function* () {
          yield* chunks;
        })();
        const { status, headers, url } = eventStream("");
        return Promise.resolve({ status, headers, url, body } as never);
      },
    };
    const events = connect("http://a", options);
    const { cause, reason } = await within(
      "an error",
      assertRejects(() => events.next(), EventSourceError),
    );
    assertEquals(reason, "local-error");
    assertEquals(cause instanceof TypeError, true);
    assertEquals(
      (cause as Error).message,
      `Cannot read event stream: expected a Uint8Array, got ${typeof chunks[
        0
      ]}`,
    );
    assertEquals(requests, 1);
  });
}
