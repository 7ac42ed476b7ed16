// Copyright 2026 the Tidings authors. MIT license.

/** Runs the servers of `docs/durable_logs.md`, as they are printed. */

import { assert, assertEquals } from "@std/assert";
import { toText } from "@std/streams";
import { findFreePort } from "../support/redis_server.ts";
import { sendSignal } from "../support/send_signal.ts";

/** What the examples import of the package. */
const IMPORTS = {
  "@tidings/sse": import.meta.resolve("../../mod.ts"),
  "@tidings/sse/sqlite": import.meta.resolve("../../logs/sqlite.ts"),
  "@tidings/sse/postgres": import.meta.resolve("../../logs/postgres.ts"),
  "@tidings/sse/deno-kv": import.meta.resolve("../../logs/deno_kv.ts"),
  "@tidings/sse/redis-streams": import.meta.resolve(
    "../../logs/redis_streams.ts",
  ),
};

/** The code block of the guide that has this name after its language. */
export async function readExample(name: string): Promise<string> {
  const guide = await Deno.readTextFile(
    new URL("../../docs/durable_logs.md", import.meta.url),
  );
  const code = guide.split(`\`\`\`ts ignore ${name}\n`)[1]?.split("\n```")[0];
  assert(code !== undefined, `The guide has no example "${name}"`);
  return code;
}

/** Compiles an example. */
export function checkTypes(
  file: string,
  directory: string,
): Promise<Deno.CommandOutput> {
  const importMap = writeImportMap(directory);
  const args = ["check", "--quiet", `--import-map=${importMap}`, file];
  return new Deno.Command(Deno.execPath(), {
    args,
    cwd: directory,
    env: { NO_COLOR: "1" },
  }).output();
}

/** Runs an example that comes to its end. */
export function runExample(
  file: string,
  directory: string,
): Promise<Deno.CommandOutput> {
  const importMap = writeImportMap(directory);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--check", `--import-map=${importMap}`, file],
    cwd: directory,
    env: { NO_COLOR: "1" },
  }).output();
}

function writeImportMap(directory: string): string {
  const importMap = `${directory}/import_map.json`;
  Deno.writeTextFileSync(importMap, JSON.stringify({ imports: IMPORTS }));
  return importMap;
}

/** A process that runs an example as it is, on a port of its own. */
export class GuideServer implements AsyncDisposable {
  readonly url: string;
  readonly #process: Deno.ChildProcess;
  readonly #stderr: Promise<string>;
  /** Whether the process is there no more, so that nobody need ask it. */
  #hasEnded = false;
  #polling: Promise<void> | undefined;

  constructor(
    file: string,
    directory: string,
    env: Record<string, string>,
    args: string[] = [],
  ) {
    const port = findFreePort();
    this.url = `http://127.0.0.1:${port}/`;
    const importMap = writeImportMap(directory);
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--unstable-kv",
        "--no-check",
        `--import-map=${importMap}`,
        ...args,
        file,
      ],
      cwd: directory,
      env: {
        ...env,
        NO_COLOR: "1",
        // What `Deno.serve` takes in place of its default port.
        DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
        // The file of `Deno.openKv()` is not to be that of another test.
        DENO_KV_DEFAULT_PATH: `${directory}/kv.db`,
      },
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#stderr = toText(this.#process.stderr);
    this.#process.status.then(() => this.#hasEnded = true);
  }

  /**
   * Resolves when it answers.
   *
   * @throws {Error} With what it printed, if it has ended instead.
   */
  ready(): Promise<void> {
    return this.#polling ??= this.#poll();
  }

  /** Whether the process is there. */
  get isRunning(): boolean {
    return !this.#hasEnded;
  }

  /** Ends the process, and gives what it has printed. */
  async end(): Promise<string> {
    sendSignal(this.#process, "SIGKILL");
    return await this.#stderr;
  }

  async publish(data: string): Promise<string> {
    const response = await fetch(this.url, { method: "POST", body: data });
    assertEquals(response.status, 200);
    return await response.text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    sendSignal(this.#process, "SIGKILL");
    await this.#process.status;
    await this.#stderr;
    // Nothing of it reaches into the next test.
    await this.#polling?.catch(() => {});
  }

  async #poll(): Promise<void> {
    while (!this.#hasEnded) {
      try {
        await (await fetch(this.url, { method: "OPTIONS" })).body?.cancel();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    throw new Error(`The example has ended: ${await this.#stderr}`);
  }
}
