// Copyright 2026 the Tidings authors. MIT license.

/**
 * Runs the tests in Node and Bun. `test_runtime.ts` calls it.
 *
 * @module
 */

import type { TestReport } from "../tests/runtimes/deno_stand_in.ts";

/**
 * Runs a bundle of `tests/runtimes/node.ts`.
 *
 * @param executable Node, Bun, or what takes the same arguments.
 * @param env Environment variables besides those of this process.
 */
export async function runInNode(
  executable: string,
  code: string,
  timeLimit: AbortSignal,
  env: Record<string, string> = {},
): Promise<TestReport> {
  const file = await Deno.makeTempFile({ suffix: ".mjs" });
  try {
    await Deno.writeTextFile(file, code);
    const { success, stdout } = await new Deno.Command(executable, {
      args: [file],
      env,
      stdout: "piped",
      stderr: "inherit",
      signal: timeLimit,
    }).output();
    timeLimit.throwIfAborted();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    if (!success) throw new Error(`It failed: ${lines.join("\n")}`);
    return JSON.parse(lines.at(-1)!);
  } finally {
    await Deno.remove(file);
  }
}
