// Copyright 2026 the Tidings authors. MIT license.

/**
 * Hands the import map of the tests to the processes that they start.
 *
 * @module
 */

/**
 * What `deno run` needs, so that an example finds what stands in for `@std` where JSR
 * is out of reach.
 */
export const IMPORT_MAP_ARGS: string[] =
  import.meta.resolve("@std/streams").startsWith("file:")
    ? [`--import-map=${import.meta.resolve("../offline/import_map.json")}`]
    : [];
