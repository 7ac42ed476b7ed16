// Copyright 2026 the Tidings authors. MIT license.

/** Which test files run outside Deno (`deno task test:runtimes`), and why others do not. */

import { assert, assertEquals } from "@std/assert";
import { listFiles } from "../../scripts/_list_files.ts";
import { RUNTIME_VERSIONS } from "../../scripts/_tools.ts";

const DENO_ONLY: Record<string, string> = {
  "chaos/chaos": "kills processes",
  "chaos/runs_chaos": "kills processes",
  "chaos/state_chaos": "kills processes",
  "cli/arguments": "the command line is for Deno",
  "cli/cli": "the command line is for Deno",
  "cli/end": "the command line is for Deno",
  "cli/failed_stream": "the command line is for Deno",
  "cli/serve": "the command line is for Deno",
  "client/node_process": "starts Node",
  "client/standstill": "stops processes of Deno and Node",
  "client/permission": "permissions are Deno's",
  "compression/curl": "starts processes",
  "demo/demo": "starts processes",
  "docs/comparison": "reads the guide, and runs the peers in Deno",
  "docs/deploying": "starts processes",
  "docs/docs": "reads the guides, and runs what they show in Deno",
  "docs/durable_logs": "starts processes",
  "docs/errors": "reads the guide and the source files",
  "docs/listening": "reads the guides, and what Deno runs of them",
  "docs/quiet_process": "starts processes",
  "docs/redis_adapters": "starts processes",
  "docs/rendered": "starts processes",
  "docs/sockets": "starts processes",
  "docs/testing": "starts Node",
  "examples/examples": "starts processes",
  "examples/mcp_server": "starts processes",
  "examples/typed_examples": "starts processes",
  "fuzz/engine_replies": "Deno KV is Deno's",
  "log/memory_size": "starts processes",
  "logs/deno_kv": "Deno KV is Deno's",
  "logs/deno_kv_options": "Deno KV is Deno's",
  "logs/deno_kv_logs": "Deno KV is Deno's",
  "logs/malformed_kv": "Deno KV is Deno's",
  "logs/deno_kv_prefix": "Deno KV is Deno's",
  "logs/keys": "its cluster outlives each test",
  "node/versions": "starts Node in several versions",
  "package/missing_globals": "starts processes whose globals are gone",
  "package/absolute_links": "starts processes",
  "package/architecture": "reads the source files",
  "package/bench_chart": "reads the recorded results",
  "package/bench_peers": "runs the benches in Deno",
  "package/bench_targets": "reads the files of the benches",
  "package/dnt": "builds the npm package",
  "package/import_map": "starts processes",
  "package/limits": "reads the table of limits",
  "package/npm_bin": "builds the npm package, and starts Node",
  "package/npm_package": "builds the npm package",
  "package/public_api": "reads the documentation of the source files",
  "package/release": "starts processes",
  "package/runtimes": "reads the lists of tests",
  "package/second_run": "the runner of the tests is for Deno",
  "package/sizes": "reads the table of the benches",
  "package/std_http": "@std/http is on JSR",
  "package/std_negotiation": "@std/http is on JSR",
  "package/std_streams": "@std/streams is on JSR",
  "package/workflows": "reads the workflows",
  "page/page": "stands in for a page; real ones are in tests/browser/",
  "parser/memory": "starts processes",
  "runs/deno_kv": "Deno KV is Deno's",
  "runs/failing_engine": "Deno KV is Deno's",
  "runs/hostile_ids": "Deno KV is Deno's",
  "runs/lost_run": "Deno KV is Deno's",
  "runs/models": "takes the clients of language models from npm",
  "shared/failures": "Node.js 20 and workerd have no Web Locks",
  "shared/protocol": "Node.js 20 and workerd have no Web Locks",
  "shared/tabs": "Node.js 20 and workerd have no Web Locks",
  "socket/broken_post": "starts processes",
  "socket/graphql": "starts a server of graphql-ws",
  "socket/memory": "starts processes",
  "socket/nginx": "starts nginx",
  "socket/standstill": "stops processes",
  "typed/schemas": "takes schema libraries from npm",
};

const IMPORT_REGEXP = /^import "(\.{1,2}\/[^"]+)";$/gm;
const TEST_REGEXP = /\/tests\/(\w+\/\w+)_test\.ts$/;

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

const portable = await testsOf(new URL("../runtimes/node.ts", import.meta.url));

Deno.test("runtimes: every test file runs in Node and Bun, or has a reason not to", async () => {
  const files: string[] = [];
  for (const name of await listFiles("tests")) {
    if (name.endsWith("_test.ts")) {
      files.push(name.slice(0, -"_test.ts".length));
    }
  }
  assertEquals([...portable, ...Object.keys(DENO_ONLY)].sort(), files.sort());
});

for (
  const [runtime, { file, missing }] of Object.entries({
    workerd: {
      file: "workerd.ts",
      missing: ["postgres.ts", "sockets.ts", "sqlite.ts", "zlib.ts"],
    },
    Chromium: {
      file: "browser.ts",
      missing: [
        "postgres.ts",
        "servers.ts",
        "sockets.ts",
        "sqlite.ts",
        "zlib.ts",
      ],
    },
  })
) {
  Deno.test(`runtimes: ${runtime} runs what Node does, but for what listens, answers requests or has node:zlib, SQLite or PostgreSQL there`, async () => {
    const names = await testsOf(
      new URL(`../runtimes/${file}`, import.meta.url),
    );
    for (const list of missing) {
      names.push(
        ...await testsOf(new URL(`../runtimes/${list}`, import.meta.url)),
      );
    }
    assertEquals(names.sort(), portable.toSorted());
  });
}

Deno.test("runtimes: the guide names the versions that are tested", async () => {
  const guide = await Deno.readTextFile(
    new URL("../../docs/runtimes.md", import.meta.url),
  );
  for (const version of Object.values(RUNTIME_VERSIONS)) {
    assert(guide.includes(` ${version} `), version);
  }
});
