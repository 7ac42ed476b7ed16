// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a server to be measured is told, and what it answers. It is told on its
 * standard input, in whatever runtime it is.
 */

import process from "node:process";
import { answerLines } from "../_process.ts";

/** What the server is told. */
export type ServerCommand =
  | { do: "publish"; events: number }
  | { do: "park"; clients: number }
  | { do: "measure"; collects: boolean };

/** What the server has taken so far. */
export interface ServerUsage {
  clients: number;
  /** Microseconds of CPU, all threads together. */
  cpu: number;
  /** Bytes. */
  rss: number;
  heap: number;
}

/** A server to be measured. */
export interface MeasuredServer {
  /** Publishes one event without waiting for the clients. */
  publish(data: string, id: number): void;
  /** How many clients are connected. */
  size(): number;
}

// 250 bytes with the rest of the frame, of which the clients count the "~".
const DATA = "~".padEnd(216, "x");

/** There with `--expose-gc`, and in Bun. */
const { gc, Bun } = globalThis as {
  gc?: () => void;
  Bun?: { gc(force: boolean): void };
};

/**
 * Answers until the standard input ends.
 *
 * @param park Makes a client without a connection.
 */
export async function answerCommands(
  server: MeasuredServer,
  park: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  let id = 1_000_000;
  await answerLines(async (command: ServerCommand) => {
    if (command.do === "publish") {
      for (let i = 0; i < command.events; i++) server.publish(DATA, id++);
      return null;
    }
    if (command.do === "park") {
      for (let i = 0; i < command.clients; i++) await park();
      return null;
    }
    const { user, system } = process.cpuUsage();
    if (command.collects) {
      gc?.();
      Bun?.gc(true);
    }
    const { rss, heapUsed: heap } = process.memoryUsage();
    const cpu = user + system;
    return { clients: server.size(), cpu, rss, heap } satisfies ServerUsage;
  });
}
