// Copyright 2026 the Tidings authors. MIT license.

/** What the tests use of Deno's processes and files, for Node and Bun. */

import { type ChildProcess, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import {
  chown,
  mkdtemp,
  opendir,
  readFile,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Writable } from "node:stream";
import { standIn } from "./deno_stand_in.ts";

/** What a process is started with. */
interface CommandOptions {
  args?: readonly string[];
  cwd?: string;
  uid?: number;
  gid?: number;
  stdin?: "piped" | "null";
  stdout?: "piped" | "null";
  stderr?: "piped" | "null";
}

interface Output {
  success: boolean;
  code: number;
  stdout: Uint8Array;
  stderr: Uint8Array;
}

class Process {
  readonly status: Promise<{ success: boolean; code: number }>;
  readonly #child: ChildProcess;

  constructor(
    command: string,
    { args = [], stdin, stdout, stderr, ...options }: CommandOptions,
  ) {
    const stdio = [stdin, stdout, stderr].map((kind) =>
      kind === "piped" ? "pipe" : "ignore"
    );
    this.#child = spawn(command, args, { ...options, stdio });
    this.status = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on(
        "exit",
        (code) => resolve({ success: code === 0, code: code ?? -1 }),
      );
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get stdin(): WritableStream<Uint8Array> {
    // Cannot fail: it is piped where it is used.
    return Writable.toWeb(this.#child.stdin!);
  }

  kill(signal: NodeJS.Signals = "SIGTERM"): void {
    this.#child.kill(signal);
  }

  async output(): Promise<Output> {
    const [status, stdout, stderr] = await Promise.all([
      this.status,
      readAll(this.#child.stdout),
      readAll(this.#child.stderr),
    ]);
    return { ...status, stdout, stderr };
  }
}

async function readAll(
  source: AsyncIterable<Uint8Array> | null,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source ?? []) chunks.push(chunk);
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

class Command {
  readonly #command: string;
  readonly #options: CommandOptions;

  constructor(command: string, options: CommandOptions) {
    this.#command = command;
    this.#options = options;
  }

  spawn(): Process {
    return new Process(this.#command, this.#options);
  }

  async output(): Promise<Output> {
    return await this.spawn().output();
  }
}

/** What `Deno.errors` has of what the tests expect. */
class NotFound extends Error {}

Object.assign(standIn, {
  Command,
  errors: { NotFound },
  uid: () => process.getuid?.() ?? null,
  chown: (path: string, uid: number, gid: number) => chown(path, uid, gid),
  makeTempDir: ({ prefix = "" }: { prefix?: string } = {}) =>
    mkdtemp(join(tmpdir(), prefix)),
  readDir: async function* (path: string) {
    for await (const { name } of await opendir(path)) yield { name };
  },
  readTextFile: (path: string) => readFile(path, "utf8"),
  remove: (path: string) => rm(path, { recursive: true }),
  removeSync: (path: string) => rmSync(path, { recursive: true, force: true }),
  writeTextFile: (path: string, text: string) => writeFile(path, text),
  stat: async (path: string) => ({ isFile: (await stat(path)).isFile() }),
});
