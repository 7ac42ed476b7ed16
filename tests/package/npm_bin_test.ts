// Copyright 2026 the Tidings authors. MIT license.

/** The program of the npm package, which `npx` runs, in Node. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { emitByDenoPack } from "../../scripts/_deno_pack.ts";
import { finishNpmPackage } from "../../scripts/_npm_package.ts";
import { readEvents } from "../../parser.ts";
import { eventStream, serve } from "../support/event_server.ts";
import { hasNode } from "../support/has_node.ts";
import { findLine, linesOf } from "../support/process_lines.ts";
import { hasSignals, sendSignal } from "../support/send_signal.ts";
import { within } from "../support/within.ts";

const ROOT = Deno.realPathSync(new URL("../../", import.meta.url));

/** Builds the package, and gives its folder. */
async function build(folder: string): Promise<string> {
  const emitted = `${folder}/emitted`;
  const built = `${folder}/package`;
  await Deno.mkdir(emitted);
  await emitByDenoPack(emitted, ROOT);
  await finishNpmPackage(emitted, {
    folder: built,
    root: ROOT,
    repositoryUrl: "https://example.com/a/b",
  });
  return built;
}

interface Result {
  code: number;
  stdout: string;
  stderr: string;
}

Deno.test({
  name: `the program of the npm package reads, serves and relays in Node${
    hasNode ? "" : " (ignored: there is no Node)"
  }`,
  ignore: !hasNode,
  async fn(t) {
    const folder = await Deno.makeTempDir({ prefix: "tidings_bin_" });
    const built = await build(folder);
    const manifest = JSON.parse(
      await Deno.readTextFile(`${built}/package.json`),
    );
    // With one program, npx needs no name.
    assertEquals(Object.keys(manifest.bin).length, 1);
    const program = `${built}/${Object.values(manifest.bin)[0]}`;
    const start = (args: string[]) =>
      new Deno.Command("node", {
        args: [program, ...args],
        cwd: folder,
        env: { NO_COLOR: "1" },
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    const run = async (args: string[], stdin = ""): Promise<Result> => {
      const child = start(args);
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
      await writer.close().catch(() => {});
      const { code, ...output } = await within("the end", child.output());
      const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return {
        code,
        stdout: decode(output.stdout),
        stderr: decode(output.stderr),
      };
    };

    await t.step("begins with what tells the system to run Node", async () => {
      const text = await Deno.readTextFile(program);
      assert(text.startsWith("#!/usr/bin/env node\n"));
    });

    await t.step("prints the manual and the version", async () => {
      const help = await run(["--help"]);
      assertEquals([help.code, help.stderr], [0, ""]);
      assertMatch(help.stdout, /npx @tidings\/sse/);
      const version = await run(["--version"]);
      assertEquals(version.stdout, `${manifest.version}\n`);
    });

    await t.step("refuses wrong arguments", async () => {
      const { code, stderr } = await run(["http://127.0.0.1", "--jsno"]);
      assertEquals(code, 2);
      assertMatch(stderr, /'--jsno', the nearest is --json\nTry --help\n$/);
    });

    await t.step("reads, and posts a file or standard input", async () => {
      await using server = serve(async (request) =>
        eventStream(`data: ${request.method} ${await request.text()}\n\n`)
      );
      const args = [server.url, "--json", "--count", "1"];
      const data = async (more: string[], stdin?: string) => {
        const { code, stdout, stderr } = await run([...args, ...more], stdin);
        assertEquals(code, 0, stderr);
        return JSON.parse(stdout).data;
      };
      assertEquals(await data([]), "GET ");
      await Deno.writeTextFile(`${folder}/body.json`, "[1]");
      assertEquals(await data(["-d", "@body.json"]), "POST [1]");
      assertEquals(await data(["-d", "-"], "[2]"), "POST [2]");
      const missing = await run([...args, "-d", "@missing"]);
      assertEquals(missing.code, 1);
      assertMatch(missing.stderr, /^error: .*missing/);
    });

    await t.step("fails where the stream is refused", async () => {
      await using server = serve(() => new Response("No", { status: 403 }));
      const { code, stderr } = await run([server.url]);
      assertEquals(code, 1);
      assertMatch(stderr, /got 403: No\n$/);
    });

    await t.step("ends cleanly when its reader has gone", async () => {
      await using server = serve(() =>
        eventStream(`data: ${"a".repeat(1000)}\n\n`.repeat(5000))
      );
      const child = start([server.url, "--no-reconnect"]);
      const reader = child.stdout.getReader();
      await reader.read();
      await reader.cancel();
      await child.stdin.close();
      const stderr = new Response(child.stderr).text();
      assertEquals((await within("the end", child.status)).code, 0);
      assert(!(await within("stderr", stderr)).includes("EPIPE"));
    });

    await t.step(
      "serves lines, relays them, and ends by a signal",
      async () => {
        const server = start(["serve", "--input", "text", "--port", "0"]);
        const input = server.stdin.getWriter();
        const lines = linesOf(server.stderr).getReader();
        const [, url = ""] = await findLine(lines, /serving at (\S+)/);
        const relay = start(["relay", url, "--port", "0", "--replay", "all"]);
        const relayed = linesOf(relay.stderr).getReader();
        try {
          const [, relayUrl = ""] = await findLine(relayed, /serving at (\S+)/);
          await findLine(relayed, /connected to/);
          const events = readEvents(await fetch(relayUrl));
          await input.write(new TextEncoder().encode("first\nsecond\n"));
          for (const data of ["first", "second"]) {
            const { value } = await within("an event", events.next());
            assertEquals(value?.data, data);
          }
          const port = new URL(url).port;
          const second = await run(["serve", "--port", port]);
          assertEquals(second.code, 1);
          assertMatch(second.stderr, /is in use, --port chooses another\n$/);
          if (hasSignals) {
            sendSignal(relay, "SIGINT");
            sendSignal(server, "SIGTERM");
            assertEquals((await within("the end", relay.status)).code, 0);
            assertEquals((await within("the end", server.status)).code, 0);
            // A response that ends, and no connection that breaks.
            assertEquals((await within("the end", events.next())).done, true);
          }
          await events.return?.();
        } finally {
          for (const child of [server, relay]) {
            sendSignal(child, "SIGKILL");
            await child.status;
            await child.stdout.cancel();
          }
          await input.close().catch(() => {});
          await relay.stdin.close().catch(() => {});
          await lines.cancel();
          await relayed.cancel();
        }
      },
    );

    await Deno.remove(folder, { recursive: true });
  },
});
