// Copyright 2026 the Tidings authors. MIT license.

/**
 * Builds the npm package in `npm/`. It needs `REPOSITORY_URL`, such as
 * `https://example.com/owner/name`, with which npm compares the provenance.
 */

import { buildNpmPackage } from "./_npm_build.ts";

const OUT_DIR = "npm";

const repositoryUrl = Deno.env.get("REPOSITORY_URL") ?? "";
if (!/^https:\/\/\S+[^/\s]$/.test(repositoryUrl)) {
  throw new Error(
    `Cannot build the package: REPOSITORY_URL is ${
      JSON.stringify(repositoryUrl)
    }, the URL of the repository is wanted`,
  );
}
await Deno.remove(OUT_DIR, { recursive: true }).catch((error) => {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
});
await Deno.mkdir(OUT_DIR);
await buildNpmPackage(OUT_DIR, repositoryUrl);
