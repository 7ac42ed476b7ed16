// Copyright 2026 the Tidings authors. MIT license.

/** How the command line ends before the stream does. */

import { assertEquals, assertMatch } from "@std/assert";
import { main } from "../../cli/mod.ts";
import { CliProcess } from "./_process.ts";
import { eventStream, OpenStream, serve } from "../support/event_server.ts";
import { hasSignals, signalNote } from "../support/send_signal.ts";
import { within } from "../support/within.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`cli ends cleanly on ${signal}${signalNote}`, {
    ignore: !hasSignals,
  }, async () => {
    const stream = new OpenStream("data: a\n\n");
    await using server = serve(() => stream.response);
    await using cli = new CliProcess([server.url]);
    await cli.stdout.match(/a\n\n/);
    cli.kill(signal);
    const { status, stderr } = await cli.result();
    assertEquals(status, 0);
    assertMatch(stderr, /^connected to \S+\n$/);
    await within("the client leaves", stream.cancelled);
  });
}

Deno.test(
  `cli --timeout does not count a standstill of its process${signalNote}`,
  {
    ignore: !hasSignals,
  },
  async () => {
    const stream = new OpenStream("data: first\n\n");
    await using server = serve(() => stream.response);
    const args = [server.url, "--timeout", "1", "--count", "2"];
    await using cli = new CliProcess(args);
    await cli.stdout.match(/first\n\n/);
    cli.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    stream.send("data: second\n\n");
    cli.kill("SIGCONT");
    const { status, stdout } = await cli.result();
    assertMatch(stdout, /second\n\n$/);
    assertEquals(status, 0);
  },
);

for (const format of [[], ["--json"], ["--raw"]]) {
  Deno.test(`cli ${format.join("")} ends cleanly when the pipe is closed`, async () => {
    const stream = new OpenStream("data: a\n\n");
    await using server = serve(() => stream.response);
    await using cli = new CliProcess([server.url, ...format]);
    await cli.stdout.match(/a/);
    await cli.stdout.close();
    stream.send("data: b\n\n");
    const { status, stderr } = await cli.result();
    assertEquals(status, 0);
    assertMatch(stderr, /^connected to \S+\n$/);
    await within("the client leaves", stream.cancelled);
  });
}

for (const format of [[], ["--json"], ["--raw"]]) {
  Deno.test(`cli ${format.join("")} can be interrupted while nobody reads its output`, async () => {
    await using server = serve(() => eventStream("data: a\n\n"));
    const interruption = new AbortController();
    const written = Promise.withResolvers<void>();
    const end = run([server.url, ...format], {
      stdout: blockedOutput(written.resolve),
      signal: interruption.signal,
    });
    await within("a write", written.promise);
    interruption.abort();
    assertEquals(await within("the end", end), 0);
  });

  Deno.test(`cli ${format.join("")} --timeout ends while nobody reads the output`, async () => {
    await using server = serve(() => eventStream("data: a\n\n"));
    const end = run([server.url, ...format, "--timeout", "0.3"], {
      stdout: blockedOutput(),
    });
    assertEquals(await within("the end", end), 3);
  });
}

Deno.test("cli can be interrupted while it waits for the body of the request", async () => {
  const interruption = new AbortController();
  const end = run(["http://127.0.0.1:8000/", "-d", "-"], {
    stdin: new ReadableStream(),
    signal: interruption.signal,
  });
  interruption.abort();
  assertEquals(await within("the end", end), 0);
});

/** Runs the command line in this process. */
function run(
  args: string[],
  io: Partial<Parameters<typeof main>[1]>,
): Promise<number> {
  return main(args, {
    stdin: new Blob([]).stream(),
    stdout: new WritableStream(),
    report: () => {},
    hasColors: false,
    isTerminal: false,
    signal: new AbortController().signal,
    ...io,
  });
}

/** Takes what is written, and never has room again. */
function blockedOutput(onWrite = (): void => {}): WritableStream<Uint8Array> {
  return new WritableStream({
    write(): Promise<void> {
      onWrite();
      return new Promise(() => {});
    },
  });
}

for (const format of [[], ["--json"], ["--raw"]]) {
  Deno.test(`cli ${format.join("")} fails if the body was no event stream`, async () => {
    for (const text of ['{"error":"no"}', "<html></html>\n", "error: no\n\n"]) {
      await using server = serve(() => eventStream(text));
      await using cli = new CliProcess([server.url, ...format]);
      const { status, stderr } = await cli.result();
      assertEquals(status, 1);
      assertMatch(stderr, /expected an event stream/);
    }
  });
}
