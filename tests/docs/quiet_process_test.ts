// Copyright 2026 the Tidings authors. MIT license.

/**
 * Servers in processes of their own print nothing while all is well, and end as they are
 * told: what only the process would show, such as an unhandled rejection.
 */

import { assert, assertEquals } from "@std/assert";
import { ExampleProcess } from "../support/example_process.ts";
import { hasSignals, signalNote } from "../support/send_signal.ts";
import { within } from "../support/within.ts";
import { withFile } from "./_with_file.ts";

const BLOCK_REGEXP = /```(?:ts|js) ignore[^\n]*\n([^]*?)^```$/gm;
/** More than the listeners after which Node and Deno warn of a leak. */
const STREAMS = 24;

async function findBlock(file: string, text: string): Promise<string> {
  const guide = await Deno.readTextFile(file);
  const code = [...guide.matchAll(BLOCK_REGEXP)].map((match) => match[1] ?? "")
    .find((code) => code.includes(text));
  assert(code !== undefined, `${file} has no block with ${text}`);
  return code;
}

/** Runs code where the package's own name means this package. */
async function withProcess(
  code: string,
  run: (example: ExampleProcess) => Promise<void>,
): Promise<void> {
  await withFile(code, async (file) => {
    const args = ["run", "-A", "--no-check", "--unstable-kv", file];
    await using example = await ExampleProcess.start(args);
    await run(example);
  });
}

/** The lines of warnings and errors, without stacks. */
function reportsOf({ printed }: ExampleProcess): string[] {
  return printed.filter((line) => /^error|Uncaught|Warning: /.test(line));
}

const LOGS: Record<string, string> = {
  memory: "",
  "Deno KV": `
    const { DenoKvEventLog } = await import("@tidings/sse/deno-kv");
    const kv = await Deno.openKv(":memory:");
    const log = new DenoKvEventLog(kv, ["news"]);
  `,
};

for (const [name, log] of Object.entries(LOGS)) {
  Deno.test({
    name:
      `docs: the README's channel in ${name} ends by the guide's shutdown, with one warning at most${signalNote}`,
    ignore: !hasSignals,
    async fn() {
      const server = await findBlock("README.md", "setInterval(");
      const shutdown = await findBlock("docs/proxies.md", "SIGTERM");
      const program = server
        .replace("new EventChannel()", "new EventChannel({ log: undefined })")
        .replace("log: undefined", log === "" ? "" : "log")
        .replace("const channel", `${log}\nconst channel`)
        .replace("Deno.serve(", "const server = Deno.serve(")
        .replace("1000", "1") +
        shutdown.slice(shutdown.indexOf("Deno.addSignalListener"));
      await withProcess(program, async (example) => {
        const responses: Response[] = [];
        for (let i = 0; i < STREAMS; i++) {
          responses.push(await fetch(example.url));
        }
        const reader = responses[0]!.body!.getReader();
        await within("an event", reader.read());
        assertEquals(reportsOf(example), []);
        const ended = example.interrupt("SIGTERM");
        reader.releaseLock();
        for (const { body } of responses) await body?.cancel();
        assertEquals(await ended, 0);
        const reports = reportsOf(example);
        assert(reports.length <= 1, reports.join("\n"));
        for (const line of reports) {
          assert(line.includes("[TIDINGS_PUBLISH] TidingsWarning: "), line);
        }
      });
    },
  });
}

async function drain(body: ReadableStream | null): Promise<void> {
  const reader = body!.getReader();
  while (!(await reader.read()).done);
}

/** Servers whose streams share a signal for the shutdown. */
const SERVERS: Record<string, string> = {
  "serveEvents()": `
    import { serveEvents } from "@tidings/sse/server";
    const shutdown = new AbortController();
    const server = Deno.serve((request) =>
      serveEvents(request, async function* ({ signal }) {
        yield { data: "first" };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      }, { signal: shutdown.signal }));
    const close = () => shutdown.abort();
  `,
  "a channel": `
    import { EventChannel } from "@tidings/sse/channel";
    const shutdown = new AbortController();
    const channel = new EventChannel();
    await channel.publish({ data: "first" });
    const server = Deno.serve((request) =>
      channel.serve(request, { signal: shutdown.signal, replay: 1 }));
    const close = () => shutdown.abort();
  `,
  "runs": `
    import { EventRuns } from "@tidings/sse/runs";
    const runs = new EventRuns();
    await runs.start("a", async function* ({ signal }) {
      yield { data: "first" };
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    const server = Deno.serve((request) => runs.serve("a", request));
    const close = () => runs.close();
  `,
};

for (const [name, code] of Object.entries(SERVERS)) {
  Deno.test({
    name: `a Deno process with ${name} prints nothing${signalNote}`,
    ignore: !hasSignals,
    async fn() {
      const shutdown = `
        Deno.addSignalListener("SIGTERM", async () => {
          await close();
          await server.shutdown();
          Deno.exit();
        });
      `;
      await withProcess(code + shutdown, async (example) => {
        const responses: Response[] = [];
        for (let i = 0; i < STREAMS; i++) {
          const response = await fetch(example.url);
          const reader = response.body!.getReader();
          await within("an event", reader.read());
          reader.releaseLock();
          // Some leave while others stay.
          if (i % 3 === 0) await response.body?.cancel();
          else responses.push(response);
        }
        const ended = example.interrupt("SIGTERM");
        for (const { body } of responses) await drain(body);
        assertEquals(await ended, 0);
        assertEquals(example.printed, []);
      });
    },
  });
}

Deno.test("a Deno process lives on after calls that fail and are left alone", async () => {
  const program = `
    import { EventChannel } from "@tidings/sse/channel";
    import { MemoryEventLog } from "@tidings/sse/log";
    import { EventRuns } from "@tidings/sse/runs";
    const channel = new EventChannel();
    const runs = new EventRuns();
    channel.publish({ event: "a\\nb" });
    runs.start("", () => []);
    runs.stop("");
    runs.status("");
    runs.ended("");
    new MemoryEventLog().append({ data: "a", id: " " });
    const onError = () => { throw new Error("of the handler"); };
    new EventChannel({ onError }).publish({ event: "a\\nb" });
    const closed = new EventChannel();
    await closed.close();
    for (let i = 0; i < 5; i++) closed.publish({ data: "a" });
    Deno.serve(() => new Response("alive"));
  `;
  await withProcess(program, async (example) => {
    const response = await fetch(example.url);
    assertEquals(await response.text(), "alive");
    const reports = reportsOf(example)
      .map((line) => /\[(TIDINGS_\w+)\] TidingsWarning/.exec(line)?.[1])
      .filter((code) => code !== undefined);
    assertEquals(reports.sort(), [
      "TIDINGS_CALLBACK",
      "TIDINGS_PUBLISH",
      "TIDINGS_PUBLISH",
      "TIDINGS_PUBLISH",
      "TIDINGS_RUN",
      "TIDINGS_RUN",
      "TIDINGS_RUN",
      "TIDINGS_RUN",
    ]);
  });
});
