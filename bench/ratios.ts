// Copyright 2026 the Tidings authors. MIT license.

/**
 * Ours against the fastest peer: every target, as a Markdown table. Arguments choose
 * rows by a part of their name: `deno task bench:ratios decode/openai memory`. With
 * `--record`, what compares times is written to `results.json`.
 *
 * A row that falls short is no error, nor is a peer whose result is wrong: its row
 * says so. A result of ours that is wrong is one.
 */

import { checkingJobs } from "./_checking.ts";
import { decodingJobs, tinyChunksJobs } from "./parser/_decoding.ts";
import { encodingJobs } from "./encoder/_encoding.ts";
import { peerVersions } from "./_peer_versions.ts";
import { type ResultRow, writeResults } from "./_results.ts";
import { growthJobs, memoryJobs } from "./_scaling.ts";
import { streamingJobs } from "./parser/_streaming.ts";
import { formatRow, HEADING } from "./_table.ts";
import config from "./deno.json" with { type: "json" };

const RECORD = "--record";

const parts = Deno.args.filter((argument) => argument !== RECORD);
const jobs = [
  ...decodingJobs(),
  ...tinyChunksJobs(),
  ...streamingJobs(),
  ...growthJobs(),
  ...memoryJobs(),
  ...encodingJobs(),
  ...checkingJobs(),
];
const chosen = jobs.filter(({ id }) =>
  parts.length === 0 || parts.some((part) => id.includes(part))
);

const peers = await peerVersions(config.imports);
console.log(
  `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, ${Deno.build.target}; ${
    peers.join(", ")
  }\n`,
);

console.log(HEADING);
const records: ResultRow[] = [];
const counts = { met: 0, short: 0, failed: 0 };
for (const job of chosen) {
  try {
    for (const row of await job.run()) {
      console.log(formatRow(row));
      if (row.record !== undefined) records.push(row.record);
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
else if (Deno.args.includes(RECORD)) await writeResults(peers, records);
