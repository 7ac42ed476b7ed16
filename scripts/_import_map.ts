// Copyright 2026 the Tidings authors. MIT license.

/**
 * Chooses between what JSR has and what stands in for it: the `@std` packages for the
 * tests, and dnt for the npm package that is tried.
 *
 * @module
 */

// The smallest module of the package: it is loaded again each time.
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
 * Asks JSR once. Where it answers, tests run with the real packages; where it is out of
 * reach, an import map puts thin layers in the place of `@std`.
 *
 * @returns The arguments that `deno test` and `deno check` need.
 * @throws {Error} If JSR is out of reach and `REQUIRE_JSR` is set.
 */
export async function importMapArgs(): Promise<string[]> {
  if (await mayUseJsr()) return [];
  console.log("JSR is out of reach: tests/offline/ stands in for @std");
  return ["--import-map=tests/offline/import_map.json"];
}

/**
 * Whether to take what JSR has, rather than what stands in for it. The hosted
 * workflows set `REQUIRE_JSR`: no release passes its tests on stand-ins alone.
 *
 * @throws {Error} If JSR is out of reach and `REQUIRE_JSR` is set.
 */
export async function mayUseJsr(): Promise<boolean> {
  const isReachable = await isJsrReachable();
  if (!isReachable && (Deno.env.get("REQUIRE_JSR") ?? "") !== "") {
    throw new Error(
      "Cannot use what stands in for JSR: REQUIRE_JSR is set, and JSR is out of reach",
    );
  }
  return isReachable;
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
