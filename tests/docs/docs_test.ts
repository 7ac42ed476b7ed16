// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs the blocks of `docs/` and the README that are marked `ts ignore`: those that
 * serve for ever, and those that need a server. The others run by `deno test --doc`.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseCommand } from "../../cli/_arguments.ts";
import { readEvents } from "../../parser.ts";
import { bundle } from "../../scripts/_bundle.ts";
import { eventStream, serve } from "../support/event_server.ts";
import { ExampleProcess } from "../support/example_process.ts";
import { hasNode } from "../support/has_node.ts";
import { hasSignals, signalNote } from "../support/send_signal.ts";
import { within } from "../support/within.ts";
import { withFile } from "./_with_file.ts";

const BLOCK_REGEXP = /^( *)```([^\n]+)\n([^]*?)^\1```$/gm;
// These have tests of their own: `durable_logs_test.ts`, `sockets_test.ts`,
// `deploying_test.ts`, and below.
const TESTED_ELSEWHERE = [
  "ts ignore deno-kv",
  "ts ignore sqlite",
  "ts ignore pg",
  "ts ignore postgres",
  "ts ignore pglite",
  "ts ignore redis-streams",
  "ts ignore node-redis",
  "ts ignore socket",
  "js ignore node",
  "js ignore testing",
  "js ignore shutdown node",
  "js ignore shutdown deno",
  "js ignore shutdown bun",
  "js ignore workers",
  "js ignore function vercel",
  "js ignore function lambda",
];
// What is no program: commands, settings, a stream, a change, and a part of a program
// for a package that is not among ours.
const NOT_RUN = [
  "sh",
  "sql",
  "nginx",
  "text",
  "diff",
  "toml",
  "yaml",
  "ts ignore fragment",
];
/** The programs that `deno task test:frameworks` runs. */
const FRAMEWORK_REGEXP = /^(?:js|ts) ignore (?:framework|interop) \w+$/;
/** The recipes that `tests/browser/interfaces_browser.ts` runs. */
const RECIPE_REGEXP = /^\w+ ignore interface \w+$/;
const LINK_REGEXP = /\]\(([^)\s]+)\)/g;
const COMMAND_REGEXP = /deno run -N jsr:@tidings\/sse\/cli(.*)/g;
const ADDRESS = "https://example.com/";
/** More than the listeners after which Node and Deno warn of a leak. */
const STREAMS = 24;

interface Block {
  name: string;
  /** What follows the backticks. */
  info: string;
  code: string;
}

const texts = new Map<string, string>();
for (const name of ["README.md", "SECURITY.md", "CONTRIBUTING.md"]) {
  texts.set(name, await Deno.readTextFile(name));
}
for await (const { name } of Deno.readDir("docs")) {
  if (!name.endsWith(".md")) continue;
  texts.set(`docs/${name}`, await Deno.readTextFile(`docs/${name}`));
}

function findBlocks(): Block[] {
  return [...texts].flatMap(([file, text]) =>
    [...text.matchAll(BLOCK_REGEXP)].map((match) => {
      const { 2: info = "", 3: code = "", index } = match;
      const line = text.slice(0, index).split("\n").length;
      return { name: `${file}:${line}`, info, code };
    })
  );
}

/**
 * Opens streams, of which some end at once: the eleventh listener of a signal would be a
 * warning, and so would reading what the runtime deprecates.
 */
async function openStreams(url: string): Promise<Response[]> {
  const headers = { authorization: "Bearer secret" };
  const responses: Response[] = [];
  for (let i = 0; i < STREAMS; i++) {
    const response = await fetch(url, { headers });
    if (i % 2 === 0) await response.body?.cancel();
    else responses.push(response);
  }
  return responses;
}

async function untilPrinted(example: ExampleProcess): Promise<void> {
  while (example.printed.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Starts a block that serves, and asks it for a stream. */
async function runServer({ code }: Block): Promise<void> {
  // Not a database on this machine's disk, which the test would have to find.
  const program = code.replace("openKv()", 'openKv(":memory:")');
  await withFile(program, async (file) => {
    const args = ["run", "-A", "--unstable-kv", file];
    await using example = await ExampleProcess.start(args);
    const response = await fetch(example.url, {
      headers: { authorization: "Bearer secret" },
    });
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    const responses = await openStreams(example.url);
    if (code.includes("SIGTERM")) {
      assertEquals(await example.interrupt("SIGTERM"), 0);
      // Between 2 and 4 seconds, as its comment says.
      assertMatch(await response.text(), /\nretry: (?:[23]\d{3}|4000)\n\n$/);
    } else {
      await response.body?.cancel();
    }
    for (const { body } of responses) await body?.cancel();
    // Where there is no model, the run fails, and the developer is told.
    const isTold = code.includes("http://model/");
    if (isTold) await within("a warning", untilPrinted(example));
    const first = example.printed[0] ?? "";
    assertMatch(first, isTold ? /^\(.*\[TIDINGS_RUN\] TidingsWarning: / : /^$/);
  });
}

/** Runs a block that reads, against a server with one event for each client. */
async function runClient({ code }: Block): Promise<void> {
  const asked: string[] = [];
  await using server = serve((request) => {
    const { pathname } = new URL(request.url);
    const token = request.headers.get("authorization");
    asked.push(`${pathname} ${token}`);
    // As the real one does: what people copy names a path.
    if (pathname === "/") {
      const headers = { "content-type": "text/html" };
      return new Response("<!doctype html>", { headers });
    }
    const isBack = request.headers.has("last-event-id");
    if (pathname === "/token") return new Response(`${asked.length}`);
    // The token has expired when the client is back.
    if (pathname === "/private" && isBack && token === "Bearer 1") {
      return new Response(null, { status: 401 });
    }
    if (isBack) return new Response(null, { status: 204 });
    if (pathname === "/v1/chat/completions") {
      const delta = { content: "what was sent" };
      const chunk = JSON.stringify({ choices: [{ delta }] });
      return eventStream(`data: ${chunk}\n\ndata: [DONE]\n\n`);
    }
    return eventStream("retry: 1\nid: 1\ndata: what was sent\n\n");
  });
  assert(code.includes(ADDRESS), "it neither serves nor asks the server");
  const { code: status, stdout, stderr } = await runProgram(
    code.replaceAll(ADDRESS, server.url),
  );
  assertEquals(status, 0, stderr);
  assert(stdout.includes("what was sent"), stdout);
  if (!code.includes("/private")) return;
  assertEquals(asked, [
    "/token null",
    "/private Bearer 1",
    "/private Bearer 1",
    "/token null",
    "/private Bearer 4",
  ]);
}

async function runProgram(
  code: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  let output!: Deno.CommandOutput;
  await withFile(code, async (file) => {
    output = await within(
      "the end of it",
      new Deno.Command(Deno.execPath(), { args: ["run", "-A", file] }).output(),
    );
  });
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

const blocks = findBlocks();

for (const block of blocks) {
  const { name, info, code } = block;
  if (!/^ts ignore(?: --|$)/.test(info)) continue;
  const ignore = !hasSignals && code.includes("SIGTERM");
  Deno.test(
    `docs: ${name} runs as printed${ignore ? signalNote : ""}`,
    { ignore },
    () => code.includes("Deno.serve(") ? runServer(block) : runClient(block),
  );
}

Deno.test("docs: what is not run is known", () => {
  const others = blocks.filter(({ info }) =>
    !/^ts(?: ignore(?: --.*)?)?$/.test(info) &&
    !TESTED_ELSEWHERE.includes(info) && !FRAMEWORK_REGEXP.test(info) &&
    !RECIPE_REGEXP.test(info) &&
    !NOT_RUN.includes(info)
  );
  assertEquals(others, []);
});

Deno.test("docs: a token that is refused twice in a row ends the connection", async () => {
  const block = blocks.find(({ code }) => code.includes("/private"));
  assert(block !== undefined);
  let refusals = 0;
  await using server = serve((request) => {
    if (request.url.endsWith("/token")) return new Response("a");
    refusals++;
    return new Response(null, { status: 401 });
  });
  const { code, stderr } = await runProgram(
    block.code.replaceAll(ADDRESS, server.url),
  );
  assertEquals(code, 1);
  assertMatch(stderr, /EventSourceError.*"status" to be 200, got 401/);
  assertEquals(refusals, 2);
});

Deno.test({
  name: `docs: the server for Node runs as printed${
    hasNode ? "" : " (ignored: there is no Node)"
  }`,
  ignore: !hasNode,
  async fn() {
    const block = blocks.find(({ info }) => info === "js ignore node");
    assert(block !== undefined);
    const program = block.code.replace("8000", "0");
    await withFile(program, async (file) => {
      const bundled = await Deno.makeTempFile({ suffix: ".mjs" });
      await Deno.writeTextFile(bundled, await bundle(file));
      {
        await using example = await ExampleProcess.start([bundled], {}, "node");
        const events = readEvents(await fetch(example.url));
        const body = "hello";
        const answer = await fetch(example.url, { method: "POST", body });
        const { value } = await within("the event", events.next());
        assertEquals([value?.data, value?.id], [body, await answer.text()]);
        const responses = await openStreams(example.url);
        await events.return?.();
        for (const { body } of responses) await body?.cancel();
        // Nothing but where it listens, which it prints in its own words.
        assertEquals(example.printed.filter((line) => /arning/.test(line)), []);
      }
      await Deno.remove(bundled);
    });
  },
});

Deno.test("docs: the README is short, and its links work on JSR and npm", async () => {
  const readme = texts.get("README.md") ?? "";
  assert(readme.split("\n").length < 340);
  // `scripts/_absolute_links.ts` makes links absolute, but not one that begins with a
  // slash, and none of HTML.
  const targets = [...readme.matchAll(LINK_REGEXP)].map((match) => match[1]!);
  assert(targets.length > 10);
  for (const target of targets) {
    if (/^https:/.test(target)) continue;
    assert(!/^[/.]/.test(target), target);
    await Deno.stat(target);
  }
  assert(!/<(?:img|picture|a) /.test(readme));
});

Deno.test("docs: the guide to frameworks names the versions that are tested", async () => {
  const { dependencies, devDependencies } = JSON.parse(
    await Deno.readTextFile("tests/frameworks/package.json"),
  );
  const versions = { ...dependencies, ...devDependencies };
  const words = texts.get("docs/frameworks.md")!.replaceAll(/\s+/g, " ");
  for (
    const [title, name] of Object.entries({
      Express: "express",
      NestJS: "@nestjs/core",
      Fastify: "fastify",
      Koa: "koa",
      Hono: "hono",
      h3: "h3",
      Nuxt: "nuxt",
      "Next.js": "next",
      SvelteKit: "@sveltejs/kit",
      "React Router": "react-router",
    })
  ) {
    const [major] = versions[name].split(".");
    assert(words.includes(`${title} ${major}`), `${title} ${major}`);
  }
});

Deno.test("docs: the links between the guides lead somewhere", async () => {
  for (const [name, text] of texts) {
    for (const [, target = ""] of text.matchAll(LINK_REGEXP)) {
      if (/^(?:https:|#)/.test(target)) continue;
      const file = new URL(target.split("#")[0]!, `file:///${name}`).pathname;
      await Deno.stat(`.${file}`);
    }
  }
});

/** The anchors of a page, as GitHub makes them of its titles. */
function anchorsOf(text: string): Set<string> {
  const prose = text.replaceAll(BLOCK_REGEXP, "");
  return new Set(
    [...prose.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
      title.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-")
    ),
  );
}

Deno.test("docs: the anchors of the links between the guides are there", () => {
  const broken: string[] = [];
  for (const [name, text] of texts) {
    for (const [, target = ""] of text.matchAll(LINK_REGEXP)) {
      const [file = "", anchor] = target.split("#");
      if (anchor === undefined || /^https:/.test(target)) continue;
      const path = new URL(file || name, `file:///${file === "" ? "" : name}`)
        .pathname.slice(1);
      const page = texts.get(path);
      if (page !== undefined && !anchorsOf(page).has(anchor)) {
        broken.push(`${name}: ${target}`);
      }
    }
  }
  assertEquals(broken, []);
});

Deno.test("docs: each guide begins with what it is for", () => {
  for (const [name, text] of texts) {
    if (!name.startsWith("docs/")) continue;
    assertMatch(text, /^# .+\n\nRead this page /, name);
  }
});

Deno.test("docs: the arguments of each command line are right", async () => {
  const text = [...texts.values()].join("\n");
  const lines = [...text.matchAll(COMMAND_REGEXP)].map((match) => match[1]!);
  for (const line of lines) {
    const { name } = await parseCommand(line.trim().split(" "), {
      stdin: new Blob([]).stream(),
      stdout: new WritableStream(),
      report: () => {},
      hasColors: false,
      isTerminal: false,
      signal: new AbortController().signal,
    });
    assertMatch(line, name === "read" ? / https?:/ : new RegExp(`^ ${name}`));
  }
  assert(lines.length > 5);
});
