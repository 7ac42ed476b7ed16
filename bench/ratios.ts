// Copyright 2026 the Tidings authors. MIT license.

/**
 * Ours against the fastest peer: every target, as a Markdown table. Arguments choose
 * rows by a part of their name: `deno task bench:ratios decode/openai memory`.
 *
 * A row that falls short is no error. A decoder or encoder whose result is wrong is.
 */

import { decodingJobs, tinyChunksJobs } from "./_decoding.ts";
import { encodingJobs } from "./_encoding.ts";
import { growthJobs, memoryJobs } from "./_scaling.ts";
import { streamingJobs } from "./_streaming.ts";
import { formatRow, HEADING } from "./_table.ts";
import config from "./deno.json" with { type: "json" };

const jobs = [
  ...decodingJobs(),
  ...tinyChunksJobs(),
  ...streamingJobs(),
  ...growthJobs(),
  ...memoryJobs(),
  ...encodingJobs(),
];
const chosen = jobs.filter(({ id }) =>
  Deno.args.length === 0 || Deno.args.some((part) => id.includes(part))
);

const peers = Object.values(config.imports)
  .filter((specifier) => specifier.startsWith("npm:"))
  .map((specifier) => specifier.slice("npm:".length));
console.log(
  `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, ${Deno.build.target}; ${
    peers.join(", ")
  }\n`,
);

console.log(HEADING);
const counts = { met: 0, short: 0, failed: 0 };
for (const job of chosen) {
  try {
    for (const row of await job.run()) {
      console.log(formatRow(row));
      if (row.isMet !== undefined) counts[row.isMet ? "met" : "short"]++;
    }
  } catch (error) {
    counts.failed++;
    console.log(`| ${job.id} | | | **${error}** | | |`);
  }
}
const { met, short, failed } = counts;
console.log(`\n${met} met, ${short} short, ${failed} failed`);
if (failed > 0) Deno.exitCode = 1;
