// Copyright 2026 the Tidings authors. MIT license.

/** The programs of `docs/deploying.md`, as they are printed. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Buffer } from "node:buffer";
import { Writable } from "node:stream";
import { parse } from "npm:yaml@2.9.1";
import { EventStreamParser, readEvents } from "../../parser.ts";
import { bundle } from "../../scripts/_bundle.ts";
import { findBun, findWorkerd } from "../../scripts/_tools.ts";
import { ExampleProcess } from "../support/example_process.ts";
import { hasNode } from "../support/has_node.ts";
import { findLine, linesOf } from "../support/process_lines.ts";
import { hasSignals, signalNote } from "../support/send_signal.ts";
import { within } from "../support/within.ts";
import { withFile } from "./_with_file.ts";

const PAGE = await Deno.readTextFile("docs/deploying.md");

/** The code of a block of the page. */
function findCode(info: string): string {
  const [, rest] = PAGE.split(`\`\`\`${info}\n`);
  assert(rest !== undefined, info);
  return rest.slice(0, rest.indexOf("```"));
}

/** Starts the server of a runtime with a change of its code. */
async function withServer(
  runtime: string,
  change: (code: string) => string,
  run: (server: ExampleProcess) => Promise<void>,
): Promise<void> {
  const printed = findCode(`js ignore shutdown ${runtime}`);
  const code = change(printed.replace("8000", "0").replace("1000", "100"));
  await withFile(code, async (file) => {
    if (runtime === "deno") {
      const args = ["run", "-A", "--no-check", file];
      await using server = await ExampleProcess.start(args);
      return await run(server);
    }
    const executable = runtime === "bun" ? await findBun() : "node";
    const bundled = await Deno.makeTempFile({ suffix: ".mjs" });
    await Deno.writeTextFile(bundled, await bundle(file));
    try {
      await using server = await ExampleProcess.start(
        [bundled],
        {},
        executable,
      );
      await run(server);
    } finally {
      await Deno.remove(bundled);
    }
  });
}

/** Reads a run that has begun, and what the signal makes of it. */
async function endOfRun(
  server: ExampleProcess,
  signal: Deno.Signal,
): Promise<{ data: string[]; end: string; code: number; stream: string }> {
  const stream = await fetch(`${server.url}events`);
  const events = readEvents(await fetch(`${server.url}answer`));
  const data: string[] = [];
  let end = "";
  let code = Promise.resolve(-1);
  for await (const event of events) {
    if (event.event === "end") end = event.data;
    else data.push(event.data);
    if (data.length === 1 && end === "") code = server.interrupt(signal);
  }
  const text = await within("the end of the stream", stream.text());
  return { data, end, code: await code, stream: text };
}

for (const runtime of ["node", "deno", "bun"]) {
  const ignore = !hasSignals || (runtime === "node" && !hasNode);
  const note = hasSignals ? ignore ? " (ignored: no Node)" : "" : signalNote;

  Deno.test({
    name:
      `docs: the server of the page on deploying waits for its runs in ${runtime}${note}`,
    ignore,
    async fn() {
      await withServer(runtime, (code) => code, async (server) => {
        const ready = await fetch(`${server.url}ready`);
        await ready.body?.cancel();
        assertEquals(ready.status, 200);
        const { data, end, code, stream } = await endOfRun(server, "SIGTERM");
        assertEquals([data, end], [["It ", "goes ", "on."], "done"]);
        assertMatch(stream, /\nretry: (?:[23]\d{3}|4000)\n\n$/);
        assertEquals(code, 0);
        assertEquals(
          server.printed.filter((line) => /arning|rror/.test(line)),
          [],
        );
      });
    },
  });

  Deno.test({
    name:
      `docs: a run ends as lost if the server of the page on deploying cannot wait in ${runtime}${note}`,
    ignore,
    async fn() {
      const change = (code: string) =>
        code.replace("20_000", "0").replace("(100)", "(600_000)");
      await withServer(runtime, change, async (server) => {
        const { end, code } = await endOfRun(server, "SIGINT");
        assertEquals([end, code], ["lost", 0]);
      });
    },
  });
}

const WORKERD_CONFIG = `
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    ( name = "worker",
      worker = (
        modules = [ ( name = "worker", esModule = embed "worker.js" ) ],
        compatibilityDate = "2026-01-01",
        durableObjectNamespaces = [ ( className = "News", uniqueKey = "a" ) ],
        durableObjectStorage = ( inMemory = void ),
        bindings = [ ( name = "NEWS", durableObjectNamespace = "News" ) ],
      )
    ),
  ],
  sockets = [
    ( name = "http", address = "127.0.0.1:0", http = (), service = "worker" ),
  ],
);
`;

Deno.test({
  name: `docs: the Worker publishes to all clients of its object${signalNote}`,
  ignore: !hasSignals,
  async fn() {
    const folder = await Deno.makeTempDir();
    await withFile(findCode("js ignore workers"), async (file) => {
      // workerd itself has this module.
      const code = await bundle(file, { external: ["cloudflare:workers"] });
      await Deno.writeTextFile(`${folder}/worker.js`, code);
    });
    await Deno.writeTextFile(`${folder}/config.capnp`, WORKERD_CONFIG);
    {
      await using workerd = new Deno.Command(await findWorkerd(), {
        args: ["serve", "--control-fd=1", `${folder}/config.capnp`],
        stdout: "piped",
        stderr: "inherit",
      }).spawn();
      const lines = linesOf(workerd.stdout).getReader();
      const [, port] = await findLine(lines, /"port":(\d+)/);
      const url = `http://127.0.0.1:${port}/`;
      const headers = { authorization: "Bearer secret" };
      const clients = await Promise.all(
        [1, 2].map(async () => readEvents(await fetch(url, { headers }))),
      );
      const body = "hello";
      const answer = await fetch(url, { method: "POST", body, headers });
      assertEquals(answer.status, 200);
      const id = await answer.text();
      for (const events of clients) {
        const { value } = await within("the event", events.next());
        assertEquals([value?.data, value?.id], [body, id]);
        await events.return?.();
      }
      // It would wait for the streams.
      workerd.kill("SIGKILL");
      await lines.cancel();
    }
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test("docs: the grace period for Kubernetes is longer than what it is for", () => {
  const { spec } = parse(findCode("yaml"));
  const [container] = spec.containers;
  const wait = Number(
    /deadline = Date\.now\(\) \+ (\d+)_000/.exec(PAGE)?.[1],
  );
  assert(
    spec.terminationGracePeriodSeconds >
      container.lifecycle.preStop.sleep.seconds + wait,
  );
});

Deno.test("docs: the route for Vercel ends its streams before the platform does", async () => {
  const code = findCode("js ignore function vercel")
    .replace("maxDuration = 300", "maxDuration = 10.05");
  await withFile(code, async (file) => {
    const { GET } = await import(`../../${file}`);
    const response: Response = GET(new Request("https://example.com/"));
    const text = await within("the end of the stream", response.text());
    assertMatch(text, /^retry: 1000\n\n/);
  });
});

Deno.test("docs: the function for Lambda streams its response, and ends before its time is over", async () => {
  const chunks: string[] = [];
  let metadata: { statusCode: number; headers: Record<string, string> };
  const stand = globalThis as typeof globalThis & { awslambda?: unknown };
  stand.awslambda = {
    streamifyResponse: (handler: unknown) => handler,
    HttpResponseStream: {
      from: (stream: Writable, given: typeof metadata) => {
        metadata = given;
        return stream;
      },
    },
  };
  // Waits for ever for its next tick, and leaves no timer behind.
  const code = findCode("js ignore function lambda")
    .replace("setTimeout(resolve, 1000)", "void resolve");
  await withFile(code, async (file) => {
    const { handler } = await import(`../../${file}`);
    const stream = new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        chunks.push(Buffer.from(chunk).toString());
        done();
      },
    });
    const event = {
      rawPath: "/events",
      rawQueryString: "",
      headers: { host: "example.com", accept: "text/event-stream" },
    };
    const context = { getRemainingTimeInMillis: () => 5050 };
    await within("its end", handler(event, stream, context));
  });
  delete stand.awslambda;
  assertEquals(metadata!.statusCode, 200);
  assertEquals(metadata!.headers["content-type"], "text/event-stream");
  const ids: string[] = [];
  const parser = new EventStreamParser(({ lastEventId }) =>
    ids.push(lastEventId)
  );
  for (const chunk of chunks) parser.push(chunk);
  assertEquals(ids, ["0"]);
});
