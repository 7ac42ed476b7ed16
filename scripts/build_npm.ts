// Copyright 2026 the Tidings authors. MIT license.

/**
 * Builds the npm package in `npm/` with dnt, and fails without it. It needs
 * `REPOSITORY_URL`, such as `https://example.com/owner/name`, which npm compares with
 * the provenance.
 *
 * @module
 */

import { emitByDnt } from "./_dnt.ts";
import { buildNpmPackage } from "./_npm_build.ts";
import { readRepositoryUrl } from "./_repository_url.ts";

const OUT_DIR = "npm";

const repositoryUrl = readRepositoryUrl();
await Deno.remove(OUT_DIR, { recursive: true }).catch((error) => {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
});
await Deno.mkdir(OUT_DIR);
await buildNpmPackage(OUT_DIR, repositoryUrl, emitByDnt);
