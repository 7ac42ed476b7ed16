// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs the blocks of `docs/` and the README that are marked `ts ignore`: those that serve for ever,
 * and those that need a server. The others run by `deno test --doc`.
 */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { eventStream, serve } from "./_event_server.ts";
import { ExampleProcess } from "./_example_process.ts";
import { within } from "./_within.ts";

// The others have tests of their own, `readme_durable_test.ts` and
// `socket_readme_test.ts`, or are a part of another block.
const BLOCK_REGEXP =
  /^```ts ignore(?! (?:deno-kv|redis-streams|fragment|socket))[^\n]*\n([^]*?)^```$/gm;
const ADDRESS = "https://example.com/";

interface Block {
  name: string;
  code: string;
}

async function ignoredBlocks(): Promise<Block[]> {
  const blocks: Block[] = [];
  const files = ["README.md"];
  for await (const { name } of Deno.readDir("docs")) files.push(`docs/${name}`);
  for (const file of files) {
    const text = await Deno.readTextFile(file);
    for (const { 1: code = "", index } of text.matchAll(BLOCK_REGEXP)) {
      const line = text.slice(0, index).split("\n").length;
      blocks.push({ name: `${file}:${line}`, code });
    }
  }
  return blocks;
}

/** Puts code where the package's own name means this package, for a while. */
async function withFile(
  code: string,
  run: (file: string) => Promise<void>,
): Promise<void> {
  const file = await Deno.makeTempFile({
    dir: "tests",
    prefix: "_doc_block_",
    suffix: ".ts",
  });
  try {
    await Deno.writeTextFile(file, code);
    await run(file);
  } finally {
    await Deno.remove(file);
  }
}

/** Starts a block that serves, and asks it for a stream. */
async function runServer({ code }: Block): Promise<void> {
  await withFile(code, async (file) => {
    const args = ["run", "-A", "--unstable-kv", file];
    await using example = await ExampleProcess.start(args);
    const { status, headers, body } = await fetch(example.url, {
      headers: { authorization: "Bearer secret" },
    });
    await body?.cancel();
    assertEquals(status, 200);
    assertEquals(headers.get("content-type"), "text/event-stream");
  });
}

/** Runs a block that reads, against a server with one event for each client. */
async function runClient({ code }: Block): Promise<void> {
  let refusals = 0;
  await using server = serve((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/token") return new Response(`token-${refusals}`);
    if (request.headers.has("last-event-id")) {
      return new Response(null, { status: 204 });
    }
    if (
      pathname === "/private" &&
      request.headers.get("authorization") !== "Bearer token-1"
    ) {
      refusals++;
      return new Response(null, { status: 401 });
    }
    if (pathname === "/v1/chat/completions") {
      const delta = { content: "what was sent" };
      const chunk = JSON.stringify({ choices: [{ delta }] });
      return eventStream(`data: ${chunk}\n\ndata: [DONE]\n\n`);
    }
    return eventStream("retry: 1\nid: 1\ndata: what was sent\n\n");
  });
  assert(code.includes(ADDRESS), "it neither serves nor asks the server");
  await withFile(code.replaceAll(ADDRESS, server.url), async (file) => {
    const output = await within(
      "the end of it",
      new Deno.Command(Deno.execPath(), { args: ["run", "-A", file] }).output(),
    );
    const text = new TextDecoder().decode(output.stdout);
    assertEquals(output.code, 0, new TextDecoder().decode(output.stderr));
    assert(text.includes("what was sent"), text);
    assertEquals(refusals, code.includes("/private") ? 1 : 0);
  });
}

const blocks = await ignoredBlocks();

Deno.test("docs: there are blocks to run", () => {
  assertNotEquals(blocks.length, 0);
});

for (const block of blocks) {
  Deno.test(`docs: ${block.name} runs as printed`, () =>
    block.code.includes("Deno.serve(") ? runServer(block) : runClient(block));
}
