// Copyright 2026 the Tidings authors. MIT license.

/**
 * Ours against the fastest peer, as a Markdown table. Arguments choose rows by a part of
 * their name: `deno task bench:ratios decode/openai memory`. With `--record`, what
 * compares times is written to `results.json`. What does not reach its target in
 * `targets.json` is told on stderr; with `--check`, a figure that is worse than the
 * recorded one is an error.
 *
 * A peer whose result is wrong is no error: its row says so. A result of ours that is
 * wrong is one.
 */

import { checkingJobs } from "./_checking.ts";
import { decodingJobs, tinyChunksJobs } from "./parser/_decoding.ts";
import { encodingJobs } from "./encoder/_encoding.ts";
import { peerVersions } from "./_peer_versions.ts";
import { type ResultRow, writeResults } from "./_results.ts";
import { growthJobs, memoryJobs } from "./_scaling.ts";
import { streamingJobs } from "./parser/_streaming.ts";
import { Table } from "./_table.ts";
import { CHECK } from "./_targets.ts";
import config from "./deno.json" with { type: "json" };

const RECORD = "--record";

const parts = Deno.args.filter((argument) =>
  argument !== RECORD && argument !== CHECK
);
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

const table = new Table();
table.begin();
const records: ResultRow[] = [];
let failed = 0;
for (const job of chosen) {
  try {
    for (const row of await job.run()) {
      table.add(row);
      if (row.record !== undefined) records.push(row.record);
    }
  } catch (error) {
    failed++;
    console.log(`| ${job.id} | | | **${error}** |`);
  }
}
console.log(`\n${failed} failed`);
if (table.end(Deno.args) || failed > 0) Deno.exitCode = 1;
else if (Deno.args.includes(RECORD)) await writeResults(peers, records);
