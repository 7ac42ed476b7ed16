// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import { readJunitReport } from "../../scripts/_junit_report.ts";
import { runSecondTime } from "../../scripts/_second_run.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="2" errors="0" time="0.328">
    <testsuite name="./a_test.ts" tests="3" disabled="1" errors="0" failures="1">
        <testcase name="a &lt;b&gt; &amp;amp; &quot;c&quot;" classname="./a_test.ts" time="0.001" line="1" col="6">
            <failure message="Uncaught Error: x">Error: x</failure>
        </testcase>
        <testcase name="ok" classname="./a_test.ts" time="0.000" line="2" col="6">
        </testcase>
        <testcase name="not here" classname="./a_test.ts" time="0.000" line="3" col="6">
            <skipped />
        </testcase>
    </testsuite>
    <testsuite name="./a.ts#5-8.ts" tests="1" disabled="0" errors="0" failures="1">
        <testcase name="file:///a.ts#5-8.ts" classname="./a.ts#5-8.ts" time="0.004" line="2" col="6">
            <failure message="Uncaught Error: doc">Error: doc</failure>
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("readJunitReport() counts the tests, and names those that failed", () => {
  assertEquals(readJunitReport(REPORT), {
    passed: 1,
    skipped: 1,
    failed: [
      { name: 'a <b> &amp; "c"', file: "./a_test.ts" },
      { name: "file:///a.ts#5-8.ts", file: "./a.ts" },
    ],
  });
  assertEquals(readJunitReport(""), { passed: 0, skipped: 0, failed: [] });
});

for (
  const { failed, passing, flaky, runs } of [
    { failed: [], passing: [], flaky: [] as string[], runs: [] as string[] },
    { failed: ["a", "b"], passing: ["b"], flaky: ["b"], runs: ["a", "b"] },
    {
      failed: ["a", "b", "c"],
      passing: ["a", "b", "c"],
      flaky: ["a", "b", "c"],
      runs: ["a", "b", "c"],
    },
    // So many failures come from the code.
    { failed: ["a", "b", "c", "d"], passing: ["a"], flaky: [], runs: [] },
  ]
) {
  Deno.test(`runSecondTime() finds ${flaky.length} flaky tests among ${failed.length} that failed`, async () => {
    const ran: string[] = [];
    const { log } = console;
    const printed: string[] = [];
    console.log = (line) => void printed.push(line);
    try {
      const result = await runSecondTime(
        failed.map((name) => ({ name })),
        ({ name }) => {
          ran.push(name);
          return Promise.resolve(passing.includes(name));
        },
      );
      assertEquals(result.map(({ name }) => name), flaky);
    } finally {
      console.log = log;
    }
    assertEquals(ran, runs);
    assertEquals(
      printed,
      failed.map((name) =>
        `${flaky.includes(name) ? "flaky" : "FAILED"}: ${name}`
      ),
    );
  });
}
