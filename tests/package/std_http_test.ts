// Copyright 2026 the Tidings authors. MIT license.

/**
 * Our streams and those of `@std/http`: each reads what the other writes, and
 * `docs/migrating.md` says where they differ.
 *
 * @module
 */

import {
  type ServerSentEventMessage,
  ServerSentEventStream,
} from "@std/http/server-sent-event-stream";
import { assertEquals } from "@std/assert";
import { encodeEvent, EventStreamEncoderStream } from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { EventStreamDecoderStream, readEvents } from "../../parser.ts";
import { eventOf, RecordingParser } from "../support/outcome.ts";
import { streamOf } from "../support/sources.ts";

// Offline, the import map puts a file of ours in the place of the real package.
const ignore = import.meta.resolve("@std/http/server-sent-event-stream")
  .startsWith("file:");
const reason = ignore ? " (ignored: JSR is out of reach, no @std/http)" : "";

// Not a literal, since the module is not there where the tests are ignored.
const PARSE_STREAM: string = "@std/http/server-sent-event-parse-stream";

/** What we need of `@std/http/server-sent-event-parse-stream`. */
interface ParseStreamModule {
  ServerSentEventParseStream: new () => TransformStream<
    Uint8Array,
    ServerSentEventMessage
  >;
}

const MESSAGES: ServerSentEventMessage[] = [
  { data: "a" },
  { comment: "hello", event: "tick", data: "a\nb\r\nc\rd", id: 0, retry: 0 },
  { data: "é語😀", id: "café" },
  { comment: "keep-alive\nand more" },
  { data: "", event: "empty" },
  { id: "" },
  { data: "the end" },
];

const OUTCOME = {
  events: [
    eventOf({ data: "a" }),
    eventOf({ event: "tick", data: "a\nb\nc\nd", id: "0" }),
    eventOf({ data: "é語😀", id: "café" }),
    eventOf({ event: "empty", lastEventId: "café" }),
    eventOf({ data: "the end" }),
  ],
  comments: ["hello", "keep-alive", "and more"],
  lastEventId: "",
  reconnectionTime: 0,
};

Deno.test({
  name: `EventStreamParser reads what @std/http writes${reason}`,
  ignore,
  async fn() {
    const chunks = await Array.fromAsync(
      ReadableStream.from(MESSAGES).pipeThrough(new ServerSentEventStream()),
    );

    assertEquals(new RecordingParser().pushAll(chunks).outcome, OUTCOME);
  },
});

Deno.test({
  name: `EventStreamDecoderStream reads what @std/http writes${reason}`,
  ignore,
  async fn() {
    const events = await Array.fromAsync(
      ReadableStream.from(MESSAGES)
        .pipeThrough(new ServerSentEventStream())
        .pipeThrough(new EventStreamDecoderStream()),
    );

    assertEquals(events, OUTCOME.events);
  },
});

Deno.test({
  name:
    `encodeEvent() takes the messages of @std/http and means the same${reason}`,
  ignore,
  fn() {
    // The type test: it is the compiler that fails it.
    const inits: ServerSentEventInit[] = MESSAGES;

    const chunks = inits.map((init) => encodeEvent(init));

    assertEquals(new RecordingParser().pushAll(chunks).outcome, OUTCOME);
  },
});

Deno.test({
  name: `@std/http reads what EventStreamEncoderStream writes${reason}`,
  ignore,
  async fn() {
    const { ServerSentEventParseStream }: ParseStreamModule = await import(
      PARSE_STREAM
    );

    const messages = await Array.fromAsync(
      ReadableStream.from(MESSAGES)
        .pipeThrough(new EventStreamEncoderStream())
        .pipeThrough(new ServerSentEventParseStream()),
    );

    assertEquals(messages.map(({ comment: _, ...message }) => message), [
      { data: "a" },
      { event: "tick", data: "a\nb\nc\nd", id: "0", retry: 0 },
      { data: "é語😀", id: "café" },
      {},
      { data: "", event: "empty" },
      { id: "" },
      { data: "the end" },
    ]);
  },
});

/** What `docs/migrating.md` says of the two: the chunks, and the data each gives. */
const DIFFERENCES: {
  name: string;
  chunks: string[];
  ours: string[];
  theirs: (string | undefined)[];
}[] = [
  {
    name: "an event that the end of the stream cuts off",
    chunks: ["data: a\n\ndata: b\ndata: c"],
    ours: ["a"],
    theirs: ["a", "b\nc"],
  },
  {
    name: "a block without data",
    chunks: ["event: a\n\nid: 1\n\ndata: b\n\n"],
    ours: ["b"],
    theirs: [undefined, undefined, "b"],
  },
  {
    name: "a comment",
    chunks: [": a\n\ndata: b\n\n"],
    ours: ["b"],
    theirs: [undefined, "b"],
  },
];

for (const { name, chunks, ours, theirs } of DIFFERENCES) {
  Deno.test({
    name: `readEvents() and @std/http differ in ${name}${reason}`,
    ignore,
    async fn() {
      const { ServerSentEventParseStream }: ParseStreamModule = await import(
        PARSE_STREAM
      );
      const encoder = new TextEncoder();
      const bytes = () => streamOf(chunks.map((text) => encoder.encode(text)));
      const events = await Array.fromAsync(readEvents(bytes()));
      const messages = await Array.fromAsync(
        bytes().pipeThrough(new ServerSentEventParseStream()),
      );
      assertEquals(events.map(({ data }) => data), ours);
      assertEquals(messages.map(({ data }) => data), theirs);
    },
  });
}
