// Copyright 2026 the Tidings authors. MIT license.

/**
 * The tables of sizes in `bench/README.md`. The sizes themselves are for `deno task size` and
 * `deno task test:pack`.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { IMPORT_LIMITS, SIZE_LIMITS } from "../../scripts/_size_limits.ts";

const ROW_REGEXP = /^\| `(\.[\w/-]*)` +\| +\d+ \| +(\d+) \| +(\d+|–) \|$/gm;
const IMPORT_REGEXP = /^\| `(\w+)` +\| +(\d+) \| +(\d+) \|$/gm;
const GUIDE = await Deno.readTextFile(
  new URL("../../bench/README.md", import.meta.url),
);

Deno.test("bench/README.md tells the size of each export, and its limit", () => {
  const rows = [...GUIDE.matchAll(ROW_REGEXP)];

  assertEquals(rows.map(([, name]) => name), Object.keys(config.exports));
  for (const [, name = "", gzipped, limit] of rows) {
    const expected = SIZE_LIMITS[name];
    assertEquals(limit, `${expected ?? "–"}`, name);
    assertEquals(Number(gzipped) <= (expected ?? Infinity), true, name);
  }
});

Deno.test("bench/README.md tells the size of what a bundle imports, and its limit", () => {
  const rows = [...GUIDE.matchAll(IMPORT_REGEXP)];

  const limits = rows.map(([, name, , limit]) => [name, Number(limit)]);
  assertEquals(limits, Object.entries(IMPORT_LIMITS));
  for (const [, name, size, limit] of rows) {
    assertEquals(Number(size) <= Number(limit), true, name);
  }
});
