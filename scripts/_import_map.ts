// Copyright 2026 the Tidings authors. MIT license.

/** Chooses between the real `@std` packages and what stands in for them. */

// The smallest module of the package: it is loaded anew each time.
const PROBE = 'import "jsr:@std/assert@^1/assert"';

/** Options for {@linkcode isJsrReachable}. */
export interface JsrProbeOptions {
  /** The environment of the Deno that asks, besides our own. */
  env?: Record<string, string>;
  /**
   * Milliseconds after which JSR counts as out of reach.
   *
   * @default {5000}
   */
  timeout?: number;
}

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

/** Whether JSR itself answers, whatever the cache has. */
export async function isJsrReachable(
  { env = {}, timeout = 5_000 }: JsrProbeOptions = {},
): Promise<boolean> {
  const probe = new Deno.Command(Deno.execPath(), {
    // Narrower forms of the flag leave the package's list of versions cached.
    args: ["eval", "--no-lock", "--reload", PROBE],
    env,
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => probe.kill("SIGKILL"), timeout);
  const { success } = await probe.status;
  clearTimeout(timer);
  return success;
}
