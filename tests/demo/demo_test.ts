// Copyright 2026 the Tidings authors. MIT license.

/** How the demo is started and ended; what it shows is in `browser/`. */

import { assertEquals, assertMatch } from "@std/assert";
import { findLine, linesOf } from "../support/process_lines.ts";
import { hasSignals, signalNote } from "../support/send_signal.ts";
import { within } from "../support/within.ts";

/** The demo in a process of its own, with what it writes to both outputs. */
function startDemo(
  args: string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "demo/main.ts", "--no-open", ...args],
    env: { NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function runDemo(
  args: string[],
  env?: Record<string, string>,
): Promise<[number, string, string]> {
  const output = await within("the end", startDemo(args, env).output());
  const decoder = new TextDecoder();
  return [
    output.code,
    decoder.decode(output.stdout),
    decoder.decode(output.stderr),
  ];
}

Deno.test("demo: a port in use is one line and status 2", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  assertEquals(await runDemo(["--port", `${port}`]), [
    2,
    "",
    `Cannot serve the demo: port ${port} is in use, choose another with --port\n`,
  ]);
});

for (const port of ["65536", "1e3", "-1", ""]) {
  Deno.test(`demo: ${JSON.stringify(port)} is no port`, async () => {
    assertEquals(await runDemo([`--port=${port}`]), [
      2,
      "",
      `Cannot start the demo: expected "--port" to be a number from 0 to 65535, got ${
        JSON.stringify(port)
      }\nRun with --help for the options.\n`,
    ]);
  });
}

Deno.test("demo: the environment variable PORT names the port, and --port goes first", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = `${listener.addr.port}`;
  for (const [args, PORT] of [[[], port], [["--port", port], "0"]] as const) {
    const [code, , error] = await runDemo([...args], { PORT });
    assertEquals(code, 2);
    assertMatch(error, new RegExp(`port ${port} is in use`));
  }
});

Deno.test("demo: a wrong PORT and an unknown option are told with a hint at --help", async () => {
  assertEquals(await runDemo([], { PORT: "http" }), [
    2,
    "",
    'Cannot start the demo: expected "PORT" to be a number from 0 to 65535, got "http"\n' +
    "Run with --help for the options.\n",
  ]);
  const [code, , error] = await runDemo(["--prot", "1"]);
  assertEquals(code, 2);
  assertMatch(error, /--prot[^]*\nRun with --help for the options\.\n$/);
});

Deno.test(
  `demo: it prints its address and its own events, until Ctrl+C${signalNote}`,
  {
    ignore: !hasSignals,
  },
  async () => {
    await using demo = startDemo(["--port", "0"]);
    const lines = linesOf(demo.stdout).getReader();
    const { value = "" } = await within("the address", lines.read());
    assertMatch(value, /^The demo is at http:\/\/localhost:\d+\//);
    await findLine(lines, /^#1 .* % .*memory .* % .*event loop late by .* ms$/);
    await findLine(lines, /^#2 /);
    demo.kill("SIGINT");
    assertEquals((await within("the end", demo.status)).code, 0);
    await lines.cancel();
    await demo.stderr.cancel();
  },
);
