// Copyright 2026 the Tidings authors. MIT license.

/** What the tests use of Deno's processes and files, for Node and Bun. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { standIn } from "./deno_stand_in.ts";

class Process {
  readonly status: Promise<{ success: boolean; code: number }>;
  readonly #child: ChildProcess;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: "ignore" });
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

  kill(signal: NodeJS.Signals = "SIGTERM"): void {
    this.#child.kill(signal);
  }
}

class Command {
  readonly #command: string;
  readonly #args: readonly string[];

  constructor(command: string, { args = [] }: { args?: readonly string[] }) {
    this.#command = command;
    this.#args = args;
  }

  spawn(): Process {
    return new Process(this.#command, this.#args);
  }

  async output(): Promise<{ success: boolean }> {
    return await this.spawn().status;
  }
}

Object.assign(standIn, {
  Command,
  makeTempDir: ({ prefix }: { prefix: string }) =>
    mkdtemp(join(tmpdir(), prefix)),
  remove: (path: string) => rm(path, { recursive: true }),
});
