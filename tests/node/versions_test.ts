// Copyright 2026 the Tidings authors. MIT license.

/**
 * The tests about the sockets of `node:http` in all major versions of Node: what one has
 * sent when the next byte is written is not the same in all of them.
 */

import { assertEquals } from "@std/assert";
import { bundle, lowerSyntax } from "../../scripts/_bundle.ts";
import { runInNode } from "../../scripts/_run_node.ts";
import {
  findNodeVersion,
  OLDEST_NODES,
  RUNTIME_VERSIONS,
} from "../../scripts/_tools.ts";

const VERSIONS = [
  ...Object.keys(OLDEST_NODES),
  "24.12.0",
  RUNTIME_VERSIONS.node,
];

let bundled: Promise<string> | undefined;

function bundleOnce(): Promise<string> {
  const importMap = "tests/runtimes/import_map.json";
  return bundled ??= bundle("tests/node/_in_node.ts", { importMap })
    .then(lowerSyntax);
}

for (const version of VERSIONS) {
  const node = await findNodeVersion(version).catch(() => undefined);
  Deno.test({
    name: `toNodeHandler() writes the same bytes in Node ${version}${
      node === undefined ? " (ignored: npm has not given it)" : ""
    }`,
    ignore: node === undefined,
    async fn() {
      const timeLimit = AbortSignal.timeout(240_000);
      const report = await runInNode(node!, await bundleOnce(), timeLimit);
      assertEquals(report.failed, []);
      assertEquals(report.skipped, []);
    },
  });
}
