// Copyright 2026 the Tidings authors. MIT license.

/**
 * Prints what each export weighs as a bundle of its own, with all that it imports:
 * bytes minified, and bytes minified and gzipped. Fails where there is a limit for
 * the latter and it is passed.
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
