// Copyright 2026 the Tidings authors. MIT license.

/**
 * The version of the package, which `--version` prints.
 *
 * @module
 */

/** The version of the package, which `deno.json` has too: a test compares them. */
export const VERSION = "0.1.0";
