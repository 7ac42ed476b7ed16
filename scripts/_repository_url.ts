// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads where the repository is for people from `REPOSITORY_URL`: the scripts that make
 * what is published ask for it.
 *
 * @returns The URL, without a slash at the end.
 * @throws {Error} If there is none.
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
