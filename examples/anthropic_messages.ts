// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads an answer of Anthropic's Messages API, a stream with eight types of events.
 * Schemas of zod check each event before the program uses it.
 *
 * ```sh
 * export LLM_KEY=…
 * echo "Why is the sky blue?" |
 *   deno run -N -E=LLM_URL,LLM_KEY examples/anthropic_messages.ts
 * ```
 */

import { readEvents } from "@tidings/sse/parser";
import { toText } from "@std/streams";
import { checkEvents } from "@tidings/sse/typed";
import { z } from "npm:zod@4.6.7";

const LLM_URL = Deno.env.get("LLM_URL") ??
  "https://api.anthropic.com/v1/messages";
const LLM_KEY = Deno.env.get("LLM_KEY") ?? "";

const Block = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("tool_use"), id: z.string(), name: z.string() }),
  z.object({ type: z.literal("thinking"), thinking: z.string() }),
]);

const Delta = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text_delta"), text: z.string() }),
  z.object({ type: z.literal("input_json_delta"), partial_json: z.string() }),
  z.object({ type: z.literal("thinking_delta"), thinking: z.string() }),
  z.object({ type: z.literal("signature_delta"), signature: z.string() }),
]);

const schemas = {
  message_start: z.object({
    message: z.object({
      id: z.string(),
      model: z.string(),
      usage: z.object({ input_tokens: z.number() }),
    }),
  }),
  content_block_start: z.object({ index: z.number(), content_block: Block }),
  content_block_delta: z.object({ index: z.number(), delta: Delta }),
  content_block_stop: z.object({ index: z.number() }),
  message_delta: z.object({
    delta: z.object({ stop_reason: z.string().nullable() }),
    usage: z.object({ output_tokens: z.number() }),
  }),
  message_stop: z.object({}),
  ping: z.object({}),
  error: z.object({
    error: z.object({ type: z.string(), message: z.string() }),
  }),
};

const encoder = new TextEncoder();
const stdout = Deno.stdout.writable.getWriter();

const question = await toText(Deno.stdin.readable);
const response = await fetch(LLM_URL, {
  method: "POST",
  headers: {
    "anthropic-version": "2023-06-01",
    "content-type": "application/json",
    "x-api-key": LLM_KEY,
  },
  body: JSON.stringify({
    model: "claude-sonnet-4-5",
    max_tokens: 1024,
    stream: true,
    messages: [{ role: "user", content: question }],
  }),
});

reading: for await (
  const event of checkEvents(readEvents(response), schemas)
) {
  switch (event.event) {
    case "message_start":
      console.error(event.json.message.model);
      break;
    case "content_block_delta":
      if (event.json.delta.type === "text_delta") {
        await stdout.write(encoder.encode(event.json.delta.text));
      }
      break;
    case "message_delta":
      console.error(`\n${event.json.usage.output_tokens} tokens`);
      break;
    case "message_stop":
      break reading;
    case "error":
      console.error(`${event.json.error.type}: ${event.json.error.message}`);
      Deno.exitCode = 1;
      break reading;
  }
}
