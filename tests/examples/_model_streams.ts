// Copyright 2026 the Tidings authors. MIT license.

/**
 * Answers of language models, in the form in which their services document them: each
 * event has a type, and says it again in its JSON.
 */

/** What the data of an event is. */
interface ModelEvent {
  type: string;
  [field: string]: unknown;
}

/** Writes events down as a stream; the type is that of the JSON. */
function streamOf(...events: ModelEvent[]): string {
  return events.map((event) =>
    `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
  ).join("");
}

/** Anthropic's Messages API: a thought, a text and the call of a tool. */
export const ANTHROPIC_MESSAGES: string = streamOf(
  {
    type: "message_start",
    message: {
      id: "msg_01",
      type: "message",
      role: "assistant",
      model: "claude-test",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 12, output_tokens: 1 },
    },
  },
  block(0, { type: "thinking", thinking: "", signature: "" }),
  { type: "ping" },
  delta(0, { type: "thinking_delta", thinking: "Scattering\n\ndata: evil" }),
  delta(0, { type: "signature_delta", signature: "EqQB" }),
  blockStop(0),
  block(1, { type: "text", text: "" }),
  delta(1, { type: "text_delta", text: "Rayleigh " }),
  delta(1, { type: "text_delta", text: "scattering,\nso to say." }),
  blockStop(1),
  block(2, { type: "tool_use", id: "toolu_01", name: "weather", input: {} }),
  delta(2, { type: "input_json_delta", partial_json: '{"city":' }),
  delta(2, { type: "input_json_delta", partial_json: '"Lima"}' }),
  blockStop(2),
  // A type that came after the schemas were written.
  { type: "content_block_note" },
  {
    type: "message_delta",
    delta: { stop_reason: "tool_use", stop_sequence: null },
    usage: { output_tokens: 34 },
  },
  { type: "message_stop" },
);

/** The same API, when it has too much to do. */
export const ANTHROPIC_ERROR: string = streamOf(
  {
    type: "error",
    error: { type: "overloaded_error", message: "Overloaded" },
  },
);

/** OpenAI's Responses API: a text and the call of a function. */
export const OPENAI_RESPONSES: string = numbered(
  { type: "response.created", response: response("in_progress") },
  { type: "response.in_progress", response: response("in_progress") },
  item("added", 0, { id: "rs_1", type: "reasoning", summary: [] }),
  item("done", 0, { id: "rs_1", type: "reasoning", summary: [] }),
  item("added", 1, { id: "msg_1", type: "message", content: [] }),
  part("response.content_part.added", { part: { type: "output_text" } }),
  part("response.output_text.delta", { delta: "Rayleigh " }),
  part("response.output_text.delta", { delta: "scattering." }),
  part("response.output_text.done", { text: "Rayleigh scattering." }),
  part("response.content_part.done", { part: { type: "output_text" } }),
  item("done", 1, { id: "msg_1", type: "message", content: [] }),
  item("added", 2, {
    id: "fc_1",
    type: "function_call",
    name: "weather",
    arguments: "",
  }),
  part("response.function_call_arguments.delta", { delta: '{"city":"Lima"}' }),
  part("response.function_call_arguments.done", {
    arguments: '{"city":"Lima"}',
  }),
  {
    type: "response.completed",
    response: {
      ...response("completed"),
      usage: { input_tokens: 12, output_tokens: 34, total_tokens: 46 },
    },
  },
);

/** The same API, when it has failed. */
export const OPENAI_FAILED: string = numbered(
  { type: "response.created", response: response("in_progress") },
  {
    type: "response.failed",
    response: {
      ...response("failed"),
      error: { code: "server_error", message: "The model has failed" },
    },
  },
);

function block(index: number, content_block: object): ModelEvent {
  return event("content_block_start", { index, content_block });
}

function delta(index: number, delta: object): ModelEvent {
  return event("content_block_delta", { index, delta });
}

function blockStop(index: number): ModelEvent {
  return event("content_block_stop", { index });
}

function item(
  step: "added" | "done",
  output_index: number,
  item: object,
): ModelEvent {
  return event(`response.output_item.${step}`, { output_index, item });
}

function part(type: string, rest: object): ModelEvent {
  const place = { item_id: "msg_1", output_index: 1, content_index: 0 };
  return event(type, { ...place, ...rest });
}

function response(status: string): Record<string, unknown> {
  return { id: "resp_1", object: "response", status, model: "gpt-test" };
}

function event(type: string, rest: object): ModelEvent {
  return { type, ...rest };
}

function numbered(...events: ModelEvent[]): string {
  return streamOf(
    ...events.map((event, sequence_number) => ({ ...event, sequence_number })),
  );
}
