// Copyright 2026 the Tidings authors. MIT license.

/** A program that may not use the network is told so, once. */

import { assertEquals, assertStringIncludes } from "@std/assert";

const CLIENT = new URL("../../client.ts", import.meta.url).href;

/** Runs a program without any permission, and gives what it prints. */
async function run(program: string): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const { success, stdout, stderr } = await new Deno.Command(
      Deno.execPath(),
      {
        args: ["run", "--no-prompt", "--no-check", file],
        signal: AbortSignal.timeout(20_000),
      },
    ).output();
    const decoder = new TextDecoder();
    assertEquals(success, true, decoder.decode(stderr));
    return decoder.decode(stdout);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("EventSource fails for good without the permission for the network", async () => {
  const output = await run(`
    import { EventSource } from "${CLIENT}";
    const source = new EventSource("http://127.0.0.1:8000/", {
      reconnectionTime: 1,
    });
    source.onerror = () => console.log("error", source.readyState);
  `);
  assertEquals(output, "error 2\n");
});

Deno.test("connect() says that the permission for the network is missing", async () => {
  const output = await run(`
    import { connect } from "${CLIENT}";
    await connect("http://127.0.0.1:8000/").next().catch(
      ({ reason, cause }) => console.log(reason, cause.message),
    );
  `);
  assertStringIncludes(
    output,
    'invalid-request Requires net access to "127.0.0.1:8000"',
  );
});
