// Copyright 2026 the Tidings authors. MIT license.

/** The process of one server on `Deno.serve`: its name, and the workload. */

import { answerCommands } from "./_answers.ts";
import { SERVERS } from "./_servers.ts";
import type { CompressionWorkload } from "./_workloads.ts";

const [name = "", workload] = Deno.args as [string, CompressionWorkload];
const server = SERVERS[name]!();
const onListen = ({ port }: Deno.NetAddr): void => console.log(port);
Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, server.handler);
await answerCommands(workload, server);
