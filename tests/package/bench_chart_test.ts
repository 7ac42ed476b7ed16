// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertStringIncludes } from "@std/assert";
import results from "../../bench/results.json" with { type: "json" };
import { drawDecodingChart } from "../../bench/_decoding_chart.ts";

Deno.test("bench/chart.svg is drawn from bench/results.json (deno task bench:chart)", async () => {
  const file = new URL("../../bench/chart.svg", import.meta.url);
  const chart = await Deno.readTextFile(file);

  assertEquals(chart, await drawDecodingChart(results));
});

Deno.test("drawDecodingChart() has a bar for each row, also where ours is slower", async () => {
  const row = {
    table: "decode",
    workload: "a < b",
    chunking: "64KiB",
    ours: { name: "ours", nanoseconds: 200 },
    peer: { name: "peer", nanoseconds: 100 },
    ratio: 0.5,
  };
  const chart = await drawDecodingChart({
    date: "2026-01-01",
    deno: "2.9.6",
    cpu: "any",
    peers: ["peer@1.2.3"],
    rows: [row, { ...row, chunking: "event", ratio: 2 }],
  });

  assertStringIncludes(chart, ">a &lt; b</text>");
  assertStringIncludes(chart, ">0.50 ×</text>");
  assertStringIncludes(chart, ">2.00 ×</text>");
  assertStringIncludes(chart, "the fastest peer: peer 1.2.3");
  assertStringIncludes(
    chart,
    "a &lt; b: 0.50 times (64KiB), 2.00 times (event).",
  );
});
