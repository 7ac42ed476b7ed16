// Copyright 2026 the Tidings authors. MIT license.

/** The examples that read a language model's answer, against recorded streams. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { eventStream, OpenStream, serve } from "../support/event_server.ts";
import {
  ANTHROPIC_ERROR,
  ANTHROPIC_MESSAGES,
  OPENAI_FAILED,
  OPENAI_RESPONSES,
} from "./_model_streams.ts";
import { IMPORT_MAP_ARGS } from "../support/import_map.ts";
import { within } from "../support/within.ts";

interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** Asks an example about the sky, with a service that gives this answer. */
async function ask(name: string, answer: Response): Promise<Output> {
  await using server = serve(() => answer);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...IMPORT_MAP_ARGS,
      "-N",
      "-E=LLM_URL,LLM_KEY",
      `examples/${name}`,
    ],
    env: { LLM_URL: server.url, LLM_KEY: "secret", NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob(["Why is the sky blue?"]).stream().pipeTo(child.stdin);
  const output = await within(name, child.output());
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

Deno.test("examples: anthropic_messages.ts prints the text, and stops at the end", async () => {
  // It is left open, as if the service never ended it.
  const stream = new OpenStream(ANTHROPIC_MESSAGES);
  const output = await ask("anthropic_messages.ts", stream.response);
  assertEquals(output, {
    code: 0,
    stdout: "Rayleigh scattering,\nso to say.",
    stderr: "claude-test\n\n34 tokens\n",
  });
  await within("the end of the response", stream.cancelled);
});

Deno.test("examples: anthropic_messages.ts tells of an error", async () => {
  const answer = eventStream(ANTHROPIC_ERROR);
  assertEquals(await ask("anthropic_messages.ts", answer), {
    code: 1,
    stdout: "",
    stderr: "overloaded_error: Overloaded\n",
  });
});

Deno.test("examples: anthropic_messages.ts believes no event that does not fit", async () => {
  const changed = ANTHROPIC_MESSAGES.replace("text_delta", "txt_delta");
  const output = await ask("anthropic_messages.ts", eventStream(changed));
  assertEquals(output.code, 1);
  assertEquals(output.stdout, "");
  assertStringIncludes(
    output.stderr,
    'Cannot check event: "content_block_delta" does not fit its schema at "delta.type"',
  );
});

Deno.test("examples: openai_responses.ts prints the text and the arguments, and stops at the end", async () => {
  const answer = eventStream(OPENAI_RESPONSES);
  assertEquals(await ask("openai_responses.ts", answer), {
    code: 0,
    stdout: 'Rayleigh scattering.{ city: "Lima" }\n',
    stderr: "gpt-test\n\n34 tokens\n",
  });
});

Deno.test("examples: openai_responses.ts tells of a failure", async () => {
  const answer = eventStream(OPENAI_FAILED);
  assertEquals(await ask("openai_responses.ts", answer), {
    code: 1,
    stdout: "",
    stderr: "gpt-test\nThe model has failed\n",
  });
});

Deno.test("examples: openai_responses.ts believes no arguments that are not JSON", async () => {
  const changed = OPENAI_RESPONSES.replaceAll('\\"Lima\\"}', '\\"Lima');
  const output = await ask("openai_responses.ts", eventStream(changed));
  assertEquals(output.code, 1);
  assertStringIncludes(
    output.stderr,
    'Cannot check event: "response.function_call_arguments.done" does not fit its schema at "arguments"',
  );
});
