// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the benches are to reach, and the page that shows what they measured.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import benchConfig from "../../bench/deno.json" with { type: "json" };
import file from "../../bench/targets.json" with { type: "json" };
import { findTarget, judge, type Targets } from "../../bench/_targets.ts";

const ROOT = new URL("../../", import.meta.url);

const VERDICTS = [
  { figure: 2, target: { atLeast: 2 }, expected: "met" },
  { figure: 1.9, target: { atLeast: 2 }, expected: "short" },
  { figure: 1.7, target: { atLeast: 2 }, expected: "worse" },
  { figure: 1.5, target: { atLeast: 2, reached: 1.5 }, expected: "short" },
  { figure: 1.2, target: { atLeast: 2, reached: 1.5 }, expected: "worse" },
  { figure: 3, target: { atMost: 3 }, expected: "met" },
  { figure: 3.2, target: { atMost: 3 }, expected: "short" },
  { figure: 3.4, target: { atMost: 3 }, expected: "worse" },
  { figure: 5, target: { atMost: 3, reached: 5 }, expected: "short" },
  { figure: 6, target: { atMost: 3, reached: 5 }, expected: "worse" },
] as const;

for (const { figure, target, expected } of VERDICTS) {
  const name = `${figure} beside ${JSON.stringify(target)}`;
  Deno.test(`judge() tells how a figure stands to its target: ${name}`, () => {
    assertEquals(judge(figure, target, 0.1), expected);
  });
}

Deno.test("findTarget() prefers the target of the peer to that of any peer", () => {
  const targets: Targets = { row: { any: { atLeast: 1 }, x: { atLeast: 2 } } };
  const find = (name: string, peerName: string) =>
    findTarget({ name, peerName }, targets)?.atLeast;

  assertEquals(find("row", "x"), 2);
  assertEquals(find("row", "y"), 1);
  assertEquals(find("another", "x"), undefined);
});

Deno.test("each target of bench/targets.json has one bound", () => {
  for (const [name, peers] of Object.entries(file.rows as Targets)) {
    for (const [peer, target] of Object.entries(peers)) {
      const { atLeast, atMost, ...rest } = target;
      const bounds = [atLeast, atMost].filter((bound) => bound !== undefined);
      assertEquals(bounds.length, 1, `${name}, ${peer}`);
      assert(bounds[0]! >= 0, `${name}, ${peer}`);
      assert(Object.keys(rest).every((key) => key === "reached"), name);
      // A row that reaches its target has no other figure to keep.
      if (target.reached !== undefined) {
        assert(judge(target.reached, target) !== "met", `${name}, ${peer}`);
      }
    }
  }
});

Deno.test("bench/README.md shows figures, and leaves targets to bench/targets.json", async () => {
  const page = await Deno.readTextFile(new URL("bench/README.md", ROOT));

  assertEquals(/falls? short/.test(page), false);
  const headings = page.match(/^\| Row .*$/gm) ?? [];
  assert(headings.length > 0);
  assertEquals(headings.filter((heading) => /target/i.test(heading)), []);
});

Deno.test("bench/README.md names the pinned version of each peer", async () => {
  const page = await Deno.readTextFile(new URL("bench/README.md", ROOT));
  const rows = page.matchAll(
    /^\| `([^`]+)` +\| (\d+\.\d+\.\d+) +\| \d{4}-\d\d-\d\d \|$/gm,
  );
  const told = new Map([...rows].map(([, name, version]) => [name, version]));

  const pinned = new Map(
    Object.values(benchConfig.imports)
      .filter((specifier) => specifier.startsWith("npm:"))
      .map((specifier): [string, string] => {
        // A scope begins with "@" too.
        const at = specifier.indexOf("@", "npm:@".length);
        const [version = ""] = specifier.slice(at + 1).split("/");
        return [specifier.slice("npm:".length, at), version];
      }),
  );
  told.delete("@std/http");
  assertEquals(
    [...told].sort(),
    [...pinned].sort(),
  );
});

Deno.test("deno task bench begins with the parser, and runs every bench", async () => {
  const text = await Deno.readTextFile(new URL("bench/benches.ts", ROOT));
  const files = [...text.matchAll(/^await import\("\.\/(.*)"\);$/gm)].map((
    [, file],
  ) => file);

  assertEquals(files[0], "parser/parser_bench.ts");
  const found: string[] = [];
  for (const room of ["client", "encoder", "parser"]) {
    for await (const { name } of Deno.readDir(new URL(`bench/${room}`, ROOT))) {
      if (name.endsWith("_bench.ts")) found.push(`${room}/${name}`);
    }
  }
  assertEquals(files.toSorted(), found.sort());
  assert(config.tasks.bench.command.endsWith(" bench/benches.ts"));
});
