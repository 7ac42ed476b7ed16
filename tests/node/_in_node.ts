// Copyright 2026 the Tidings authors. MIT license.

/** Runs the tests about sockets in a Node that starts it, and prints the report. */

import process from "node:process";
import { runTests } from "../runtimes/deno_stand_in.ts";
import "./direct_socket_test.ts";
import "./heads_test.ts";
import "./sink_test.ts";

const report = await runTests({ environment: process.env });
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
