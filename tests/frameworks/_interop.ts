// Copyright 2026 the Tidings authors. MIT license.

/**
 * The programs of `docs/frameworks.md` that use this package together with another one
 * that has event streams. Each runs to its end, and prints what is written here.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

const GUIDE = new URL("../../docs/frameworks.md", import.meta.url);
/** Milliseconds for a program. */
const TIME_LIMIT = 30_000;
const BLOCK_REGEXP = /^```js ignore interop (\w+)\n([^]*?)^```$/gm;

/** What each program prints. */
export const INTEROP: Readonly<Record<string, string>> = {
  trpc: "1 1\n2 2\n3 3\n",
  graphql: "Hi\nBonjour\n",
  tanstack: "on.\nend\n",
};

/**
 * Runs the programs of the guide in the folder where the packages are installed.
 *
 * @returns The error of each that failed, by its name.
 */
export async function runInterop(
  folder: string,
  names: readonly string[],
): Promise<Map<string, Error | undefined>> {
  const guide = await Deno.readTextFile(GUIDE);
  const programs = new Map<string, string>();
  for (const [, name, code] of guide.matchAll(BLOCK_REGEXP)) {
    programs.set(name!, code!);
  }
  assertEquals([...programs.keys()].sort(), Object.keys(INTEROP).sort());
  const outcomes = new Map<string, Error | undefined>();
  await Promise.all(
    [...programs].filter(([name]) => names.includes(name))
      .map(async ([name, code]) => {
        const run = () => runProgram(name, code, folder);
        outcomes.set(name, await run().then(() => undefined, (error) => error));
      }),
  );
  return outcomes;
}

async function runProgram(
  name: string,
  code: string,
  folder: string,
): Promise<void> {
  const file = `interop_${name}.mjs`;
  // What is run takes a free port.
  await Deno.writeTextFile(`${folder}/${file}`, code.replace("8000", "0"));
  const { success, stdout, stderr } = await new Deno.Command("node", {
    args: [file],
    cwd: folder,
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(TIME_LIMIT),
  }).output();
  const decoder = new TextDecoder();
  const printed = [success, decoder.decode(stderr), decoder.decode(stdout)];
  assertEquals(printed, [true, "", INTEROP[name]]);
}
