// Copyright 2026 the Tidings authors. MIT license.

/** Which test files run outside Deno (`deno task test:runtimes`), and why others do not. */

import { assert, assertEquals } from "@std/assert";
import { RUNTIME_VERSIONS } from "../scripts/_tools.ts";

const DENO_ONLY: Record<string, string> = {
  architecture: "reads the source files",
  bench_chart: "reads the recorded results",
  bench_peers: "runs the benches in Deno",
  chaos: "kills processes",
  cli: "the command line is for Deno",
  cli_arguments: "the command line is for Deno",
  cli_end: "the command line is for Deno",
  cli_serve: "the command line is for Deno",
  compression_curl: "starts processes",
  client_permission: "permissions are Deno's",
  demo: "starts processes",
  deno_kv: "Deno KV is Deno's",
  docs: "reads the guides, and runs what they show in Deno",
  durable_docs: "starts processes",
  examples: "starts processes",
  import_map: "starts processes",
  mcp_example: "starts processes",
  npm_package: "builds the npm package",
  kv_logs: "Deno KV is Deno's",
  peers: "reads the guide, and runs the peers in Deno",
  runs_chaos: "kills processes",
  runs_kv: "Deno KV is Deno's",
  runs_models: "takes the clients of language models from npm",
  runtimes: "reads the lists of tests",
  shared_protocol: "Node.js 20 and workerd have no Web Locks",
  shared_tabs: "Node.js 20 and workerd have no Web Locks",
  socket_graphql: "starts a server of graphql-ws",
  socket_docs: "starts processes",
  std_http: "@std/http is on JSR",
  typed_examples: "starts processes",
  typed_schemas: "takes schema libraries from npm",
  workflows: "reads the workflows",
};

const IMPORT_REGEXP = /^import "(\.{1,2}\/[^"]+)";$/gm;
const TEST_REGEXP = /\/tests\/(\w+)_test\.ts$/;

/** The names of the test files that a file imports, over any number of lists. */
async function testsOf(file: URL): Promise<string[]> {
  const name = TEST_REGEXP.exec(file.pathname)?.[1];
  if (name !== undefined) return [name];
  const found: string[] = [];
  const text = await Deno.readTextFile(file);
  for (const [, specifier = ""] of text.matchAll(IMPORT_REGEXP)) {
    found.push(...await testsOf(new URL(specifier, file)));
  }
  return found;
}

const portable = await testsOf(new URL("runtimes/node.ts", import.meta.url));

Deno.test("runtimes: every test file runs in Node and Bun, or has a reason not to", async () => {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(new URL(".", import.meta.url))) {
    if (name.endsWith("_test.ts")) {
      files.push(name.slice(0, -"_test.ts".length));
    }
  }
  assertEquals([...portable, ...Object.keys(DENO_ONLY)].sort(), files.sort());
});

for (
  const [runtime, { file, missing }] of Object.entries({
    workerd: { file: "workerd.ts", missing: ["sockets.ts", "zlib.ts"] },
    Chromium: {
      file: "browser.ts",
      missing: ["servers.ts", "sockets.ts", "zlib.ts"],
    },
  })
) {
  Deno.test(`runtimes: ${runtime} runs what Node does, but for what listens, answers requests or has node:zlib there`, async () => {
    const names = await testsOf(
      new URL(`runtimes/${file}`, import.meta.url),
    );
    for (const list of missing) {
      names.push(
        ...await testsOf(new URL(`runtimes/${list}`, import.meta.url)),
      );
    }
    assertEquals(names.sort(), portable.toSorted());
  });
}

Deno.test("runtimes: the guide names the versions that are tested", async () => {
  const guide = await Deno.readTextFile(
    new URL("../docs/runtimes.md", import.meta.url),
  );
  for (const version of Object.values(RUNTIME_VERSIONS)) {
    assert(guide.includes(` ${version} `), version);
  }
});
