// Copyright 2026 the Tidings authors. MIT license.

import {
  type ServerSentEventMessage,
  ServerSentEventStream,
} from "@std/http/server-sent-event-stream";
import { assertEquals } from "@std/assert";
import { encodeEvent, EventStreamEncoderStream } from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { EventStreamDecoderStream } from "../../parser.ts";
import { eventOf, RecordingParser } from "../support/outcome.ts";

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
