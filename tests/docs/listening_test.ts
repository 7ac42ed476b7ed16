// Copyright 2026 the Tidings authors. MIT license.

/**
 * Where servers listen: what people copy keeps to one machine where anybody may write,
 * and what is executed takes a free port of this machine, whatever the page shows.
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { listFiles } from "../../scripts/_list_files.ts";

const LISTEN_REGEXP = /\bDeno\.(?:serve|listen(?:Tls)?)\(|\.listen\(/g;
/** Where a server takes what its clients write, or starts what they ask for. */
const WRITE_REGEXP =
  /"(?:POST|DELETE|PUT)"|\.post\(|serveSocket|runs\.start|handleRequest|request\.text\(/;
const LOOPBACK_REGEXP = /\b127\.0\.0\.1\b/;
const FENCE_REGEXP = /^([ *]*)```(\w+)([^\n]*)\n([^]*?)^\1```$/gm;
const GUARD = import.meta.resolve("../support/loopback_guard.ts");

interface Code {
  name: string;
  code: string;
  /** Whether `deno test --doc` runs it. */
  isExecuted: boolean;
}

/** The fences of guides and documentation comments, and the examples. */
async function findCode(): Promise<Code[]> {
  const found: Code[] = [];
  for (const folder of [".", "docs", "examples"]) {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && /\.(?:md|ts)$/.test(name)) {
        found.push(...await readCode(`${folder}/${name}`));
      }
    }
  }
  for (
    const folder of [
      "_channel",
      "_client",
      "_encoder",
      "_log",
      "_parser",
      "_server",
      "cli",
      "compression",
      "logs",
      "node",
      "runs",
      "shared",
      "socket",
      "typed",
    ]
  ) {
    for (const name of await listFiles(folder)) {
      found.push(...await readCode(`${folder}/${name}`));
    }
  }
  return found;
}

async function readCode(file: string): Promise<Code[]> {
  const text = await Deno.readTextFile(file);
  if (file.startsWith("examples/")) {
    return [{ name: file, code: text, isExecuted: false }];
  }
  return [...text.matchAll(FENCE_REGEXP)].map((match) => {
    const [, , language = "", rest = "", code = ""] = match;
    const line = text.slice(0, match.index).split("\n").length;
    return {
      name: `${file}:${line}`,
      code,
      isExecuted: /^(?:ts|js|tsx|jsx|typescript|javascript)$/.test(language) &&
        !/\bignore\b/.test(rest),
    };
  });
}

const servers = (await findCode()).filter(({ code }) =>
  code.search(LISTEN_REGEXP) >= 0 || code.includes("export default {")
);

Deno.test("docs: each server to which anybody may write listens on one machine alone", () => {
  const open = servers.filter(({ code }) =>
    WRITE_REGEXP.test(code) && !LOOPBACK_REGEXP.test(code) &&
    !code.includes("authenticate(")
  );
  assertEquals(open.map(({ name }) => name), []);
  const closed = servers.filter(({ code }) =>
    WRITE_REGEXP.test(code) && LOOPBACK_REGEXP.test(code)
  );
  // The README has two, the guides three, the examples seven.
  assert(closed.length >= 12, `${closed.length}`);
});

Deno.test("docs: each server that is run with the documentation takes a free port of this machine", () => {
  const executed = servers.filter(({ isExecuted }) => isExecuted);
  assert(executed.length >= 5, `${executed.length}`);
  for (const { name, code } of executed) {
    const calls = code.match(LISTEN_REGEXP)?.length;
    const addresses = code.match(
      /hostname: "127\.0\.0\.1", port: 0\b|\.listen\(0, "127\.0\.0\.1"\)/g,
    )?.length;
    assertEquals(addresses, calls, name);
  }
});

/** Ways to listen, and whether the guard lets them pass. */
const LISTENERS: Record<string, boolean> = {
  'Deno.serve({ hostname: "127.0.0.1", port: 0 }, () => new Response())': true,
  'Deno.serve({ hostname: "localhost", port: 0 }, () => new Response())': true,
  'Deno.listen({ hostname: "127.0.0.1", port: 0 })': true,
  'net.createServer().listen(0, "127.0.0.1")': true,
  'http.createServer().listen({ port: 0, host: "127.0.0.1" })': true,
  "Deno.serve(() => new Response())": false,
  "Deno.serve({ port: 0 }, () => new Response())": false,
  'Deno.serve({ hostname: "127.0.0.1" }, () => new Response())': false,
  'Deno.serve({ hostname: "0.0.0.0", port: 0 }, () => new Response())': false,
  'Deno.serve({ hostname: "127.0.0.1", port: 8000 }, () => new Response())':
    false,
  "Deno.listen({ port: 0 })": false,
  "net.createServer().listen(0)": false,
  "http.createServer().listen(8000, () => {})": false,
  'http.createServer().listen(8000, "127.0.0.1")': false,
  "http2.createServer().listen({ port: 0 })": false,
};

Deno.test("docs: the guard that is loaded before the tests stops what listens elsewhere", async () => {
  const program = `
    import http from "node:http";
    import http2 from "node:http2";
    import net from "node:net";
    const results = {};
    for (const [code, listen] of Object.entries({${
    Object.keys(LISTENERS).map((code) =>
      `${JSON.stringify(code)}: () => ${code}`
    ).join(",")
  }})) {
      try {
        listen();
        results[code] = "";
      } catch (error) {
        results[code] = error.message;
      }
    }
    console.log();
    console.log(JSON.stringify(results));
    Deno.exit(0);`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", `--preload=${GUARD}`, program],
    env: { NO_COLOR: "1" },
  }).output();
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const results = JSON.parse(lines.at(-1)!);
  for (const [code, passes] of Object.entries(LISTENERS)) {
    assertMatch(
      results[code],
      passes ? /^$/ : /^Cannot listen in a test: .*, expected 127\.0\.0\.1/,
      code,
    );
  }
});

Deno.test("docs: the tests are run with the guard", async () => {
  const script = await Deno.readTextFile("scripts/run_tests.ts");
  assert(script.includes('"--preload=tests/support/loopback_guard.ts"'));
});
