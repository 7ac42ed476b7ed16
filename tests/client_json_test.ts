// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertRejects } from "@std/assert";
import { connect } from "../client.ts";
import { OpenStream, serve } from "./_event_server.ts";
import { within } from "./_within.ts";

Deno.test("json() yields what data holds, until the sentinel closes the connection", async () => {
  const stream = new OpenStream(
    'data: {"text": "a"}\n\ndata: {"text": "é"}\n\ndata: [DONE]\n\ndata: {}\n\n',
  );
  await using server = serve(() => stream.response);
  const events = connect(server.url);
  const texts: string[] = [];
  for await (const { text } of events.json<{ text: string }>()) {
    texts.push(text);
  }
  assertEquals(texts, ["a", "é"]);
  assertEquals(events.readyState, 2);
  await stream.cancelled;
});

Deno.test("json() takes another sentinel", async () => {
  const stream = new OpenStream('data: ["[DONE]"]\n\ndata: bye\n\n');
  await using server = serve(() => stream.response);
  const events = connect(server.url);
  assertEquals(await Array.fromAsync(events.json({ done: "bye" })), [[
    "[DONE]",
  ]]);
});

Deno.test("json() closes the connection on break", async () => {
  const stream = new OpenStream("data: 1\n\n");
  await using server = serve(() => stream.response);
  for await (const value of connect(server.url).json()) {
    assertEquals(value, 1);
    break;
  }
  await stream.cancelled;
});

Deno.test("json() throws SyntaxError with the beginning of what is not JSON, and closes", async () => {
  const stream = new OpenStream(`data: {"a": "${"x".repeat(100)}\n\n`);
  await using server = serve(() => stream.response);
  const events = connect(server.url);
  const error = await assertRejects(
    () => Array.fromAsync(events.json()),
    SyntaxError,
  );
  assertEquals(
    error.message,
    `Cannot read event: its data is "{\\"a\\": \\"${
      "x".repeat(33)
    }", JSON is wanted`,
  );
  assertEquals(error.cause instanceof SyntaxError, true);
  assertEquals(events.readyState, 2);
  await stream.cancelled;
});

Deno.test("json() closes the connection on return() before the first value", async () => {
  const stream = new OpenStream("data: 1\n\n");
  await using events = connect("http://a", {
    fetch: () => Promise.resolve(stream.response),
  });
  const values = events.json();
  await values.return?.();
  assertEquals(events.readyState, 2);
  assertEquals((await values.next()).done, true);
});

Deno.test("json() closes the connection on return() while a call of next() waits", async () => {
  const stream = new OpenStream(":\n");
  const read = Promise.withResolvers<void>();
  await using events = connect("http://a", {
    fetch: () => Promise.resolve(stream.response),
    onComment: () => read.resolve(),
  });
  const values = events.json();
  const next = values.next();
  await read.promise;
  await within("return()", Promise.resolve(values.return?.()));
  assertEquals((await next).done, true);
  await stream.cancelled;
});
