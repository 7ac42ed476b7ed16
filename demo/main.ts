// Copyright 2026 the Tidings authors. MIT license.

/**
 * `deno task demo`: publishes measurements of this machine, shows them on a page, and
 * prints them in the terminal with `connect()`.
 *
 * @module
 */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connect } from "../client.ts";
import { checkEvents, unchecked } from "../typed/mod.ts";
import { describeMismatch } from "../_validate.ts";
import type { Measurement } from "./measurements.ts";
import { Demo } from "./server.ts";

const HELP = `Publishes measurements of this machine as server-sent events.

deno task demo [options]

  --port <number>  the port to listen on, 0 for any; if left out, that of the
                   environment variable PORT, or 8000
  --no-open        do not open a browser
  --help           show this
`;

interface DemoArguments {
  port: number;
  open: boolean;
}

const demoArguments = readArguments();
const demo = startDemo(demoArguments.port);
console.log(`The demo is at ${demo.url}. Press Ctrl+C to stop it.`);
if (demoArguments.open) openBrowser(demo.url);

await using connection = connect(`${demo.url}events`);
Deno.addSignalListener("SIGINT", () => connection.close());
if (Deno.build.os !== "windows") {
  Deno.addSignalListener("SIGTERM", () => connection.close());
}
const schemas = { measurement: unchecked<Measurement>() };
for await (const { json } of checkEvents(connection, schemas)) {
  console.log(describe(json));
}
await demo.close();
Deno.exit();

function readArguments(): DemoArguments {
  try {
    const { values } = parseArgs({
      args: Deno.args,
      options: {
        port: { type: "string" },
        "no-open": { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      Deno.exit();
    }
    const port = values.port === undefined
      ? readPort("PORT", Deno.env.get("PORT") || "8000")
      : readPort("--port", values.port);
    return { port, open: !values["no-open"] };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return exitWith(`${message}\nRun with --help for the options.`);
  }
}

function readPort(name: string, text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new RangeError(
    describeMismatch("start the demo", name, "a number from 0 to 65535", text),
  );
}

function startDemo(port: number): Demo {
  try {
    return new Demo(port, findFile(port));
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return exitWith(
      `Cannot serve the demo: port ${port} is in use, choose another with --port`,
    );
  }
}

/** Finds the file that keeps the answer over a restart of the demo. */
function findFile(port: number): string | undefined {
  // With a new port at each start, no page could reconnect to the answer.
  if (port === 0) return undefined;
  const directory = join(tmpdir(), "tidings_demo");
  Deno.mkdirSync(directory, { recursive: true, mode: 0o700 });
  return join(directory, `${port}.kv`);
}

function openBrowser(url: string): void {
  const commands: Partial<Record<typeof Deno.build.os, string[]>> = {
    darwin: ["open", url],
    windows: ["cmd", "/c", "start", url],
  };
  const [command, ...args] = commands[Deno.build.os] ?? ["xdg-open", url];
  try {
    new Deno.Command(command!, { args, stdout: "null", stderr: "null" })
      .spawn().unref();
  } catch {
    // There is no browser to open, but the address is in the terminal.
  }
}

function describe({ sequence, cpu, memory, delay }: Measurement): string {
  return `#${sequence}  processors ${cpu.toFixed(0).padStart(3)} %  ` +
    `memory ${memory.toFixed(0).padStart(3)} %  ` +
    `event loop late by ${delay.toFixed(1)} ms`;
}

function exitWith(message: string): never {
  console.error(message);
  Deno.exit(2);
}
