// Copyright 2026 the Tidings authors. MIT license.

/** What a server to be measured is told on its standard input, in any runtime. */

import process from "node:process";
import type { ServerSentEventInit } from "../../event.ts";
import { type CompressionWorkload, createEvents } from "./_workloads.ts";
import { answerLines } from "../_process.ts";

/** What the server is told. */
export type CompressionCommand = "publish" | "measure" | "collect";

/** What the server has taken so far. */
export interface CompressionUsage {
  clients: number;
  /** Microseconds of CPU, all threads together. */
  cpu: number;
  /** Bytes. */
  rss: number;
  heap: number;
}

/** There with `--expose-gc`. */
const { gc } = globalThis as { gc?: () => void };

/** Answers until the standard input ends. */
export async function answerCommands(
  workload: CompressionWorkload,
  server: { publish(event: ServerSentEventInit): void; size(): number },
): Promise<void> {
  const next = createEvents(workload);
  await answerLines((command: CompressionCommand) => {
    if (command === "publish") {
      server.publish(next());
      return null;
    }
    if (command === "collect") gc?.();
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed: heap } = process.memoryUsage();
    const cpu = user + system;
    return {
      clients: server.size(),
      cpu,
      rss,
      heap,
    } satisfies CompressionUsage;
  });
}
