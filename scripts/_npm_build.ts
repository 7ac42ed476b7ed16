// Copyright 2026 the Tidings authors. MIT license.

/**
 * Builds the package for npm: dnt or its stand-in emits it, and `_npm_package.ts` makes
 * the package of that.
 *
 * @module
 */

import { finishNpmPackage } from "./_npm_package.ts";

const ROOT = Deno.realPathSync(new URL("../", import.meta.url));

/** Writes `esm/` and `package.json` into an empty folder. */
export type EmitPackage = (folder: string, root: string) => Promise<void>;

/**
 * Builds the package of this working copy.
 *
 * @param folder Where it goes, which is empty.
 * @param repositoryUrl Where the repository is for people, without a slash at the
 * end.
 * @param emit What emits the modules.
 * @throws {Error} If that fails.
 */
export async function buildNpmPackage(
  folder: string,
  repositoryUrl: string,
  emit: EmitPackage,
): Promise<void> {
  const emitted = await Deno.makeTempDir();
  try {
    await emit(emitted, ROOT);
    await finishNpmPackage(emitted, { folder, root: ROOT, repositoryUrl });
  } finally {
    await Deno.remove(emitted, { recursive: true });
  }
}
