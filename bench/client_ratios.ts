// Copyright 2026 the Tidings authors. MIT license.

/**
 * Our clients against their peers over a loopback socket, from a server in another
 * process, as a Markdown table. A row that falls short is no error, nor is a peer
 * that loses an event: its row says so. That ours loses one is an error.
 */

import {
  CLIENT_EVENTS,
  eventSourceContestants,
  iteratorContestants,
} from "./_client_contestants.ts";
import { Child } from "./_fanout_process.ts";
import { race, type RaceResult } from "./_measure.ts";
import { formatRow, HEADING, ratioRow } from "./_table.ts";
import config from "./deno.json" with { type: "json" };

const { eventsource, "eventsource-client": client } = config.imports;
console.log(
  `Deno ${Deno.version.deno}, ${Deno.build.target}; ${eventsource}, ${client}\n`,
);
console.log(HEADING);

await using server = new Child("_client_server.ts");
const base = await server.read<string>();
for (const kibibytes of [64, 16]) {
  const url = `${base}/${kibibytes * 1024}`;
  const iterators = await race(iteratorContestants(url));
  const name = `client/${kibibytes}KiB`;
  print(name, iterators, "connect", "fetch body", 1.3);
  print(name, iterators, "connect", "eventsource-client", 1);
  const classes = await race(eventSourceContestants(url));
  print(name, classes, "EventSource", "eventsource", 0.6);
  print(name, classes, "EventSource", "Deno's EventSource");
}

/** @param limit How much of the peer's time ours may take. */
function print(
  name: string,
  result: RaceResult,
  ours: string,
  peer: string,
  limit?: number,
): void {
  const target = limit === undefined ? undefined : 1 / limit;
  const row = ratioRow(`${name} ${ours}`, result, {
    ours,
    peer,
    unit: CLIENT_EVENTS,
    target,
  });
  if (target !== undefined) row.target = `≥ ${target.toFixed(2)} ×`;
  console.log(formatRow(row));
}
