// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads hostile streams, in a process with a small heap: all of the table, a large chunk of
 * small events, and what is served at the URL that is the first argument. Prints a line of
 * JSON for each.
 */

import { readEvents } from "../../parser.ts";
import {
  HOSTILE_STREAMS,
  type Outcome,
  parse,
  read,
} from "./_hostile_streams.ts";

const { process } = globalThis as unknown as { process: { argv: string[] } };
const [, , url = ""] = process.argv;

function report(name: string, outcome: Outcome): void {
  console.log(JSON.stringify([name, outcome]));
}

for (const [name, stream] of Object.entries(HOSTILE_STREAMS)) {
  report(name, parse(stream));
}

const chunk = new TextEncoder().encode("data\n\n".repeat(2 ** 22));
const outcome = { events: 0, length: 0 };
for await (const { data } of readEvents(new Response(chunk).body!)) {
  outcome.events++;
  outcome.length += data.length;
}
report("small events in one chunk", outcome);

report("gzip", await read(await fetch(url)));
