// Copyright 2026 the Tidings authors. MIT license.

/**
 * The table of sizes in `bench/README.md`. The sizes themselves are for `deno task size`.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { SIZE_LIMITS } from "../../scripts/_size_limits.ts";

const ROW_REGEXP = /^\| `(\.[\w/-]*)` +\| +\d+ \| +(\d+) \| +(\d+|–) \|$/gm;

Deno.test("bench/README.md tells the size of each export, and its limit", async () => {
  const guide = new URL("../../bench/README.md", import.meta.url);
  const rows = [...(await Deno.readTextFile(guide)).matchAll(ROW_REGEXP)];

  assertEquals(rows.map(([, name]) => name), Object.keys(config.exports));
  for (const [, name = "", gzipped, limit] of rows) {
    const expected = SIZE_LIMITS[name];
    assertEquals(limit, `${expected ?? "–"}`, name);
    assertEquals(Number(gzipped) <= (expected ?? Infinity), true, name);
  }
});
