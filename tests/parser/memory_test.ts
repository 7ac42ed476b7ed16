// Copyright 2026 the Tidings authors. MIT license.

/** What the parser holds of a stream whose sender is hostile, measured by a small heap. */

import { assertEquals } from "@std/assert";
import { bundle } from "../../scripts/_bundle.ts";
import { hasNode } from "../support/has_node.ts";
import { HOSTILE_STREAMS, type Outcome } from "./_hostile_streams.ts";

/** MiB for objects that live on: 64 for the parser, and what the runtime takes idle. */
const HEAP_SIZE = 64 + 12;

const PROGRAM = new URL("./_memory_program.ts", import.meta.url);
const IMPORT_MAP = new URL("../offline/import_map.json", import.meta.url);

const EXPECTED: [name: string, outcome: Outcome][] = [
  ...Object.entries(HOSTILE_STREAMS).map(([name, { outcome }]): [
    string,
    Outcome,
  ] => [name, outcome]),
  ["small events in one chunk", { events: 2 ** 22, length: 0 }],
  ["gzip", "event-too-large"],
];

Deno.test("EventStreamParser reads hostile streams with 64 MiB of heap, in Deno", async () => {
  await testProgram("deno", [
    "run",
    "--no-check",
    "--allow-net=127.0.0.1",
    `--import-map=${IMPORT_MAP.pathname}`,
    `--v8-flags=--max-old-space-size=${HEAP_SIZE}`,
    PROGRAM.pathname,
  ]);
});

Deno.test({
  name: "EventStreamParser reads hostile streams with 64 MiB of heap, in Node",
  ignore: !hasNode,
  async fn() {
    const file = await Deno.makeTempFile({ suffix: ".mjs" });
    try {
      await Deno.writeTextFile(file, await bundle(PROGRAM.pathname));
      await testProgram("node", [`--max-old-space-size=${HEAP_SIZE}`, file]);
    } finally {
      await Deno.remove(file);
    }
  },
});

/** Runs the program, and checks what it says of each stream. */
async function testProgram(
  runtime: "deno" | "node",
  args: string[],
): Promise<void> {
  const body = await compress("data\n", 17 * 2 ** 20);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () =>
      new Response(body, {
        headers: {
          "content-type": "text/event-stream",
          "content-encoding": "gzip",
        },
      }),
  );
  try {
    const command = runtime === "deno" ? Deno.execPath() : runtime;
    const { stdout, stderr } = await new Deno.Command(command, {
      args: [...args, `http://127.0.0.1:${server.addr.port}/`],
    }).output();
    const decoder = new TextDecoder();
    const lines = decoder.decode(stdout).trim().split("\n");
    assertEquals(
      lines.filter((line) => line !== "").map((line) => JSON.parse(line)),
      EXPECTED,
      decoder.decode(stderr),
    );
  } finally {
    await server.shutdown();
  }
}

/** Repeats a text, as gzip. */
async function compress(
  text: string,
  times: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const part = new TextEncoder().encode(text.repeat(2 ** 10));
  let left = times / 2 ** 10;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller): void {
      if (left-- > 0) controller.enqueue(part);
      else controller.close();
    },
  }).pipeThrough(new CompressionStream("gzip"));
  return await new Response(stream).bytes();
}
