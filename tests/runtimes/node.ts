// Copyright 2026 the Tidings authors. MIT license.

/** Runs the tests in Node and Bun, and prints the report as the last line. */

import process from "node:process";
import { runTests } from "./deno_stand_in.ts";
import {
  BUN_EXCEPTIONS,
  NODE_20_EXCEPTIONS,
  NODE_EXCEPTIONS,
} from "./exceptions.ts";
import "./node_processes.ts";
import "./node_stand_ins.ts";
import "./event_source.ts";
import "./portable.ts";
import "./postgres.ts";
import "./servers.ts";
import "./sockets.ts";
import "./sqlite.ts";
import "./zlib.ts";

const report = await runTests({
  environment: process.env,
  exceptions: exceptions(),
});
// Neither a connection that was left open nor an error that a test reports counts. Before
// the report is written, the exit would cut it off after the 64 KiB that a pipe takes.
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));

function exceptions(): Record<string, string> {
  if ("Bun" in globalThis) return BUN_EXCEPTIONS;
  const isNode20 = process.versions.node.startsWith("20.");
  return isNode20 ? NODE_20_EXCEPTIONS : NODE_EXCEPTIONS;
}
