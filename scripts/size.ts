// Copyright 2026 the Tidings authors. MIT license.

/**
 * Prints the bytes of each export as a bundle of its own, with all that it imports: minified,
 * and minified and gzipped. It fails if the gzipped size exceeds a limit.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { bundle } from "./_bundle.ts";
import { gzippedSize } from "./_gzipped_size.ts";
import { SIZE_LIMITS } from "./_size_limits.ts";

const rows = [["export", "minified", "gzipped", "limit"]];
let isTooLarge = false;
for (const [name, file] of Object.entries(config.exports)) {
  const code = await bundle(file, { minify: true });
  const gzipped = await gzippedSize(code);
  const limit = SIZE_LIMITS[name];
  if (limit !== undefined && gzipped > limit) isTooLarge = true;
  const sizes = [new Blob([code]).size, gzipped, limit ?? "–"];
  rows.push([name, ...sizes.map(String)]);
}
for (const [name = "", ...sizes] of rows) {
  const cells = sizes.map((size) => size.padStart(9));
  console.log(name.padEnd(18) + cells.join(""));
}
if (isTooLarge) {
  console.error("An export is larger than its limit");
  Deno.exit(1);
}
