// Copyright 2026 the Tidings authors. MIT license.

/**
 * A proxy for a language model. It hides the key and passes on only the text. When the
 * client leaves, the proxy cancels its request, and the model stops computing.
 *
 * ```sh
 * LLM_KEY=… deno run -N -E=LLM_URL,LLM_KEY examples/llm_proxy.ts
 * curl -N localhost:8000 -d '{"model":"…","stream":true,"messages":[…]}'
 * ```
 */

import type { ServerSentEventInit } from "@tidings/sse/event";
import { EventStreamError, readEvents } from "@tidings/sse/parser";
import { type EventSession, serveEvents } from "@tidings/sse/server";

const LLM_URL = Deno.env.get("LLM_URL") ??
  "https://api.openai.com/v1/chat/completions";
const LLM_KEY = Deno.env.get("LLM_KEY");

// Anyone who reaches this server may write. Remove `hostname` when it authenticates.
Deno.serve(
  { hostname: "127.0.0.1" },
  (request) =>
    serveEvents(request, complete, {
      methods: ["POST"],
      onError: (error) => console.error(error),
    }),
);

async function* complete(
  { request, signal }: EventSession,
): AsyncIterable<ServerSentEventInit> {
  try {
    const response = await fetch(LLM_URL, {
      method: "POST",
      headers: {
        authorization: `Bearer ${LLM_KEY}`,
        "content-type": "application/json",
      },
      body: await request.text(),
      // Aborted when the client leaves.
      signal,
    });
    for await (const { data } of readEvents(response, { signal })) {
      if (data === "[DONE]") break;
      const text = JSON.parse(data).choices[0]?.delta?.content;
      if (text) yield { data: text };
    }
    yield { event: "done", data: "" };
  } catch (error) {
    if (signal.aborted) throw error;
    console.error(error);
    // The error text of the model's service may hold secrets: send only a code.
    const code = error instanceof EventStreamError ? error.code : "failed";
    yield { event: "failure", data: code };
  }
}
