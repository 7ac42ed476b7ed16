// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads an answer of OpenAI's Responses API, a stream with about fifty types of events.
 * Schemas of valibot check the types that are used here; other types are left out.
 *
 * ```sh
 * export LLM_KEY=…
 * echo "Why is the sky blue?" |
 *   deno run -N -E=LLM_URL,LLM_KEY examples/openai_responses.ts
 * ```
 */

import { connect } from "@tidings/sse/client";
import { toText } from "@std/streams";
import { checkEvents } from "@tidings/sse/typed";
import * as v from "npm:valibot@1.5.0";

const LLM_URL = Deno.env.get("LLM_URL") ??
  "https://api.openai.com/v1/responses";
const LLM_KEY = Deno.env.get("LLM_KEY") ?? "";

const Place = v.object({
  output_index: v.number(),
  sequence_number: v.number(),
});
const Item = v.variant("type", [
  v.object({ type: v.literal("message"), id: v.string() }),
  v.object({ type: v.literal("reasoning"), id: v.string() }),
  v.object({ type: v.literal("function_call"), name: v.string() }),
]);
const Usage = v.object({ input_tokens: v.number(), output_tokens: v.number() });
const ResponseError = v.object({ code: v.string(), message: v.string() });

const schemas = {
  "response.created": v.object({ response: v.object({ model: v.string() }) }),
  "response.output_item.added": v.object({ ...Place.entries, item: Item }),
  "response.output_text.delta": v.object({
    ...Place.entries,
    delta: v.string(),
  }),
  "response.refusal.delta": v.object({ ...Place.entries, delta: v.string() }),
  "response.function_call_arguments.done": v.object({
    ...Place.entries,
    // The arguments are a string that holds JSON.
    arguments: v.pipe(v.string(), v.parseJson()),
  }),
  "response.completed": v.object({ response: v.object({ usage: Usage }) }),
  "response.incomplete": v.object({
    response: v.object({
      incomplete_details: v.object({ reason: v.string() }),
    }),
  }),
  "response.failed": v.object({
    response: v.object({ error: ResponseError }),
  }),
  error: v.object({ code: v.nullable(v.string()), message: v.string() }),
};

const encoder = new TextEncoder();
const stdout = Deno.stdout.writable.getWriter();

const question = await toText(Deno.stdin.readable);
const connection = connect(LLM_URL, {
  headers: {
    authorization: `Bearer ${LLM_KEY}`,
    "content-type": "application/json",
  },
  // A POST is sent once, so an answer that breaks off is not paid for twice.
  body: JSON.stringify({ model: "gpt-5", stream: true, input: question }),
});

for await (const event of checkEvents(connection, schemas)) {
  switch (event.event) {
    case "response.created":
      console.error(event.json.response.model);
      break;
    case "response.output_text.delta":
    case "response.refusal.delta":
      await stdout.write(encoder.encode(event.json.delta));
      break;
    case "response.function_call_arguments.done":
      console.log(event.json.arguments);
      break;
    case "response.completed":
      console.error(`\n${event.json.response.usage.output_tokens} tokens`);
      break;
    case "response.incomplete":
      fail(event.json.response.incomplete_details.reason);
      break;
    case "response.failed":
      fail(event.json.response.error.message);
      break;
    case "error":
      fail(event.json.message);
  }
}

function fail(message: string): void {
  console.error(message);
  Deno.exitCode = 1;
}
