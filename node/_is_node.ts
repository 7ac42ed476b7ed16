// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells Node from the runtimes that stand in for it, for the files of the bridge that
 * depend on what Node does within.
 *
 * @module
 */

import process from "node:process";

/**
 * Whether the classes of `node:http` and `node:net` are those of Node: in Deno and Bun a
 * response writes to no socket, whatever it says.
 */
export const IS_NODE: boolean = process.versions.deno === undefined &&
  process.versions.bun === undefined;
