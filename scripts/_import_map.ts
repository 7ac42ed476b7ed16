// Copyright 2026 the Tidings authors. MIT license.

/** Chooses between the real `@std` packages and what stands in for them. */

const PROBE = 'await import("jsr:@std/assert@^1")';
const PROBE_TIMEOUT = 20_000;

/**
 * Asks JSR once. Where it answers, tests run as everyone's do; where it is out of
 * reach, an import map puts a thin layer in the place of `@std/assert`.
 *
 * @returns The arguments that `deno test` and `deno check` need.
 */
export async function importMapArgs(): Promise<string[]> {
  if (await isJsrReachable()) return [];
  console.log("JSR is out of reach: tests/offline/ stands in for @std/assert");
  return ["--import-map=tests/offline/import_map.json"];
}

async function isJsrReachable(): Promise<boolean> {
  const probe = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", PROBE],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => probe.kill(), PROBE_TIMEOUT);
  const { success } = await probe.status;
  clearTimeout(timer);
  return success;
}
