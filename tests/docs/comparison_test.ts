// Copyright 2026 the Tidings authors. MIT license.

/** Holds each cell of the tables of `docs/comparison.md` against what the peer does. */

import { assert, assertEquals } from "@std/assert";
import bench from "../../bench/deno.json" with { type: "json" };
import { READING_FACTS } from "./_peer_facts_reading.ts";
import { RUNS_FACTS } from "./_peer_facts_runs.ts";
import { SENDING_FACTS } from "./_peer_facts_sending.ts";
import { READERS } from "./_peer_readers.ts";
import { RUNS_PEERS } from "./_peer_runs.ts";
import { SENDERS } from "./_peer_senders.ts";
import { cellFor, type Fact, readPeerTables } from "./_peer_table.ts";
import { hasRedis, redisNote } from "../support/redis_server.ts";

const VERSION_REGEXP = /^npm:(.+)@(.+)$/;

const { text, tables } = await readPeerTables();

Deno.test("peers: the guide has three tables", () => {
  assertEquals(tables.length, 3);
});

function testTable<Peer extends { name: string; isMissing?: boolean }>(
  index: number,
  peers: readonly Peer[],
  facts: readonly Fact<Peer>[],
  { note = "", ignore = false } = {},
): void {
  const { names = [], rows = new Map<string, string[]>() } = tables[index] ??
    {};

  Deno.test(`peers: table ${index + 1} has the rows and columns that are tested`, () => {
    assertEquals(names, peers.map(({ name }) => name));
    assertEquals([...rows.keys()], facts.map(({ name }) => name));
  });

  for (const fact of facts) {
    const name = `peers: "${fact.name}" is what is seen${note}`;
    Deno.test(name, { ignore }, async () => {
      const cells = rows.get(fact.name) ?? [];
      const seen: string[] = [];
      for (const [index, peer] of peers.entries()) {
        // What is on JSR is looked at where that can be reached.
        const cell = peer.isMissing ? cells[index] : await cellFor(fact, peer);
        seen.push(cell ?? "");
      }
      assertEquals(cells, seen);
    });
  }
}

testTable(0, READERS, READING_FACTS);
testTable(1, SENDERS, SENDING_FACTS);
testTable(2, RUNS_PEERS, RUNS_FACTS, { note: redisNote, ignore: !hasRedis });

Deno.test("peers: the versions in the guide are those that run, in the benches too", () => {
  const words = text.replaceAll(/\s+/g, " ");
  const pinned: string[] = Object.values(bench.imports);
  for (const { module = "" } of [...READERS, ...SENDERS, ...RUNS_PEERS]) {
    const [, name, version] = VERSION_REGEXP.exec(module) ?? [];
    if (name === undefined) continue;
    assert(words.includes(`${name} ${version}`), `${name} ${version}`);
    const others = pinned.filter((specifier) =>
      specifier.startsWith(`npm:${name}@`) && !specifier.startsWith(module)
    );
    assertEquals(others, []);
  }
});
