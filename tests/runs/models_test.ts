// Copyright 2026 the Tidings authors. MIT license.

/** The clients of language models, as they are, read runs. */

import { assert, assertEquals } from "@std/assert";
import Anthropic from "npm:@anthropic-ai/sdk@1.12.0";
import {
  createUIMessageStream,
  createUIMessageStreamResponse,
  DefaultChatTransport,
  readUIMessageStream,
  type UIMessage,
  type UIMessageChunk,
} from "npm:ai@7.0.173";
import OpenAI from "npm:openai@7.57.0";
import { EventRuns } from "../../runs/mod.ts";
import { eventStream, OpenStream, serve } from "../support/event_server.ts";
import {
  ANTHROPIC_MESSAGES,
  OPENAI_RESPONSES,
} from "../examples/_model_streams.ts";
import { until } from "./_fixture.ts";
import { within } from "../support/within.ts";

const WORDS = ["Ray", "leigh ", "scat", "ter", "ing"];

Deno.test("EventRuns carries the AI SDK's messages through a reload in the middle", async () => {
  const gate = Promise.withResolvers<void>();
  let calls = 0;
  // The AI SDK has an end of its own, and takes no other event.
  await using runs = new EventRuns({ endEvent: () => undefined });
  await using server = serve(async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST") {
      const { id } = await request.json();
      await runs.start(id, () => {
        calls++;
        return answerInParts(gate.promise);
      });
      return await runs.serve(id, request);
    }
    const [, , id = ""] = pathname.split("/");
    return await runs.serve(id, request, {
      notFound: () => new Response(null, { status: 204 }),
    });
  });
  const transport = new DefaultChatTransport({ api: `${server.url}chat` });
  const asked: UIMessage = {
    id: "1",
    role: "user",
    parts: [{ type: "text", text: "Why is the sky blue?" }],
  };
  const page = new AbortController();
  const first = await transport.sendMessages({
    trigger: "submit-message",
    chatId: "chat-1",
    messageId: undefined,
    messages: [asked],
    abortSignal: page.signal,
  });
  const reader = first.getReader();
  let text = "";
  while (text !== "Rayleigh ") {
    const { value } = await within("a chunk", reader.read());
    if (value?.type === "text-delta") text += value.delta;
  }
  page.abort();
  await reader.read().catch(() => {});
  // The page is there again, and the answer goes on.
  const second = await transport.reconnectToStream({ chatId: "chat-1" });
  assert(second !== null);
  gate.resolve();
  assertEquals(await textOf(second), WORDS.join(""));
  assertEquals(calls, 1);
  // There is no such run, and so no stream to resume.
  assertEquals(await transport.reconnectToStream({ chatId: "2" }), null);
});

Deno.test("EventRuns stops an answer, and the AI SDK is told by its own chunk", async () => {
  await using runs = new EventRuns({
    endEvent: (end) => end === "done" ? undefined : { json: { type: "abort" } },
  });
  await using server = serve((request) => runs.serve("chat-1", request));
  const transport = new DefaultChatTransport({ api: `${server.url}chat` });
  await runs.start("chat-1", () => answerInParts(new Promise(() => {})));
  const stream = await transport.reconnectToStream({ chatId: "chat-1" });
  const types: string[] = [];
  for await (const { type } of stream!) {
    types.push(type);
    if (types.length === 4) await runs.stop("chat-1");
  }
  assertEquals(types, [
    "start",
    "text-start",
    "text-delta",
    "text-delta",
    "abort",
  ]);
});

Deno.test("the OpenAI SDK reads a run, from the start after a drop", async () => {
  const model = new OpenStream();
  await using runs = new EventRuns({ endEvent: () => undefined });
  await runs.start("answer", () => model.response);
  await using server = serve((request) => runs.serve("answer", request));
  const client = new OpenAI({ apiKey: "secret", baseURL: server.url });
  const read = async (most: number): Promise<string> => {
    const stream = await client.chat.completions.create({
      model: "test",
      messages: [],
      stream: true,
    });
    let text = "";
    let chunks = 0;
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content;
      if (++chunks === most) break;
    }
    return text;
  };
  for (const content of WORDS.slice(0, 2)) {
    const choices = [{ index: 0, delta: { content } }];
    model.send(`data: ${JSON.stringify({ choices })}\n\n`);
  }
  assertEquals(await read(2), "Rayleigh ");
  const second = read(Infinity);
  for (const content of WORDS.slice(2)) {
    const choices = [{ index: 0, delta: { content } }];
    model.send(`data: ${JSON.stringify({ choices })}\n\n`);
  }
  model.send("data: [DONE]\n\n");
  model.end();
  assertEquals(await within("the end", second), WORDS.join(""));
});

Deno.test("the OpenAI SDK reads the typed events of a run", async () => {
  await using runs = new EventRuns({ endEvent: () => undefined });
  await runs.start("answer", () => eventStream(OPENAI_RESPONSES));
  await using server = serve((request) => runs.serve("answer", request));
  const client = new OpenAI({ apiKey: "secret", baseURL: server.url });
  const stream = await client.responses.create({
    model: "test",
    input: "",
    stream: true,
  });
  const types: string[] = [];
  for await (const { type } of stream) types.push(type);
  assertEquals(types, typesIn(OPENAI_RESPONSES));
});

Deno.test("the Anthropic SDK reads a run, also one that has ended", async () => {
  await using runs = new EventRuns({ endEvent: () => undefined });
  await runs.start("answer", () => eventStream(ANTHROPIC_MESSAGES));
  await until(async () => await runs.status("answer") === "done");
  await using server = serve((request) => runs.serve("answer", request));
  const client = new Anthropic({ apiKey: "secret", baseURL: server.url });
  const options = { model: "test", max_tokens: 9, messages: [] };
  for (let round = 0; round < 2; round++) {
    const stream = await client.messages.create({ ...options, stream: true });
    const types: string[] = [];
    for await (const { type } of stream) types.push(type);
    // The SDK keeps pings to itself.
    const known = typesIn(ANTHROPIC_MESSAGES).filter((type) => type !== "ping");
    assertEquals(types, known);
  }
});

/** The answer of a model in the AI SDK's form, which waits in the middle. */
function answerInParts(gate: Promise<void>): Response {
  const stream = createUIMessageStream({
    execute: async ({ writer }) => {
      writer.write({ type: "start", messageId: "answer" });
      writer.write({ type: "text-start", id: "t" });
      for (const [index, delta] of WORDS.entries()) {
        if (index === 2) await gate;
        writer.write({ type: "text-delta", id: "t", delta });
      }
      writer.write({ type: "text-end", id: "t" });
      writer.write({ type: "finish" });
    },
  });
  return createUIMessageStreamResponse({ stream });
}

/** Reads an answer as the AI SDK's hooks do. */
async function textOf(stream: ReadableStream<UIMessageChunk>): Promise<string> {
  let text = "";
  for await (const { parts } of readUIMessageStream({ stream })) {
    text = parts.map((part) => part.type === "text" ? part.text : "").join("");
  }
  return text;
}

/** The types of the events of a stream. */
function typesIn(stream: string): string[] {
  return Array.from(stream.matchAll(/^event: (.*)$/gm), ([, type]) => type!);
}
