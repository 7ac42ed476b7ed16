// Copyright 2026 the Tidings authors. MIT license.

/**
 * The process of one server. It is told on its standard input what to do, a JSON
 * value on each line, and answers each line with one.
 */

import process from "node:process";
import { CONTESTANTS, type FanoutServer } from "./_fanout_contestants.ts";
import { answerLines } from "./_fanout_process.ts";

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

// 250 bytes with the rest of the frame, of which the clients count the "~".
const DATA = "~".padEnd(216, "x");

/** There with `--v8-flags=--expose-gc`. */
const { gc } = globalThis as { gc?: () => void };

/** Makes a client without a connection, which waits for its next chunk. */
async function park(
  handler: FanoutServer["handler"],
): Promise<ReadableStreamDefaultReader> {
  const { body } = await handler(new Request("http://localhost/"));
  const reader = body!.getReader();
  await reader.read();
  reader.read();
  return reader;
}

if (import.meta.main) {
  const server = CONTESTANTS[Deno.args[0] ?? ""]!();
  const readers: ReadableStreamDefaultReader[] = [];
  let id = 1_000_000;
  const onListen = ({ port }: Deno.NetAddr) => console.log(port);
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen }, server.handler);
  await answerLines(async (command: ServerCommand) => {
    if (command.do === "publish") {
      for (let i = 0; i < command.events; i++) server.publish(DATA, id++);
      return null;
    }
    if (command.do === "park") {
      for (let i = 0; i < command.clients; i++) {
        readers.push(await park(server.handler));
      }
      return null;
    }
    if (command.collects) gc?.();
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed: heap } = Deno.memoryUsage();
    const cpu = user + system;
    return { clients: server.size(), cpu, rss, heap } satisfies ServerUsage;
  });
}
