// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the environment variable `REPOSITORY_URL`, for the scripts that make the published
 * packages.
 *
 * @module
 */

/**
 * Reads the URL of the repository's page from `REPOSITORY_URL`.
 *
 * @returns The URL, without a slash at the end.
 * @throws {Error} If there is none, or it is not one of HTTPS.
 */
export function readRepositoryUrl(): string {
  const url = Deno.env.get("REPOSITORY_URL") ?? "";
  if (/^https:\/\/\S+[^/\s]$/.test(url)) return url;
  throw new Error(
    `Cannot build the package: expected the URL of the repository in REPOSITORY_URL, got ${
      JSON.stringify(url)
    }`,
  );
}
