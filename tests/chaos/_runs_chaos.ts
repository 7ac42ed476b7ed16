// Copyright 2026 the Tidings authors. MIT license.

/**
 * Several servers on one engine that produce and serve runs, of which some part is
 * always being killed, paused or started again.
 */

import { assert, assertEquals } from "@std/assert";
import { connect } from "../../client.ts";
import { ChaosServer, disturb, type EngineServer, sleep } from "./_process.ts";
import type { EngineAddress } from "./_engines.ts";
import type { Random } from "../support/random.ts";
import { CHUNKS, KEEP_FOR, openLogs } from "./_runs_server.ts";
import { within } from "../support/within.ts";

/** What a run of the chaos is made of. */
export interface RunsChaosOptions {
  engine: EngineAddress;
  /** The server of the engine, if it has one that can be killed. */
  database?: EngineServer | undefined;
  random: Random;
  /** Milliseconds of chaos, before all is left in peace to come to its end. */
  duration: number;
}

/** What came of it. */
export interface RunsChaosReport {
  runs: number;
  done: number;
  lost: number;
  kills: number;
  /** Requests of all readers. */
  attempts: number;
}

const SERVERS = 3;
const READERS = 2;
/** Milliseconds between the starts of two runs. */
const START_INTERVAL = 150;

/** What a reader was told of a run. */
interface Reading {
  data: string[];
  ends: string[];
  /** Where the reader is, over all of its connections. */
  lastEventId: string;
  attempts: number;
  /** Whether the run was forgotten before the reader was told all of it. */
  isLate: boolean;
}

/** Runs chaos, and checks that every reader was told all there is, once and in order. */
export async function runRunsChaos(
  { engine, database, random, duration }: RunsChaosOptions,
): Promise<RunsChaosReport> {
  const notebook = await Deno.makeTempFile();
  const servers = Array.from(
    { length: SERVERS },
    () => new ChaosServer("_runs_server.ts", { engine, notebook }),
  );
  try {
    const ready = () => Promise.all(servers.map((each) => each.ready()));
    await within("servers start", ready());
    const controller = new AbortController();
    const { signal } = controller;
    const starting = startRuns(servers, random, signal);
    const kills = await disturb(servers, database, random, duration);
    controller.abort();
    await within("servers answer", ready());
    const readings = await within("runs end", starting);
    const producers = readNotebook(await Deno.readTextFile(notebook));
    for (const [id, ofRun] of readings) {
      checkReadings(id, ofRun, producers.get(id) ?? []);
    }
    await checkNothingLeft(engine, [...readings.keys()]);
    const all = [...readings.values()];
    const ends = all.map((readings) => readings.flatMap(({ ends }) => ends)[0]);
    return {
      runs: all.length,
      done: ends.filter((end) => end === "done").length,
      lost: ends.filter((end) => end === "lost").length,
      kills,
      attempts: all.flat().reduce((sum, { attempts }) => sum + attempts, 0),
    };
  } finally {
    for (const server of servers) await server.end();
    await Deno.remove(notebook);
  }
}

/** Starts runs until it is told to stop, and waits for what their readers are told. */
async function startRuns(
  servers: readonly ChaosServer[],
  random: Random,
  signal: AbortSignal,
): Promise<Map<string, Reading[]>> {
  const readings = new Map<string, Promise<Reading[]>>();
  for (let run = 0; !signal.aborted; run++) {
    const id = `run-${run}`;
    readings.set(id, startAndRead(id, servers, random));
    await sleep(START_INTERVAL);
  }
  const settled = new Map<string, Reading[]>();
  for (const [id, reading] of readings) settled.set(id, await reading);
  return settled;
}

async function startAndRead(
  id: string,
  servers: readonly ChaosServer[],
  random: Random,
): Promise<Reading[]> {
  // Several at once, until one has answered.
  const urls = Array.from({ length: 3 }, () => random.pick(servers).url + id);
  await Promise.all(urls.map((url) => start(url)));
  return await Promise.all(
    Array.from({ length: READERS }, () => read(id, servers, random)),
  );
}

async function start(url: string): Promise<void> {
  for (;;) {
    try {
      const response = await fetch(url, {
        method: "POST",
        signal: AbortSignal.timeout(8000),
      });
      await response.body?.cancel();
      if (response.ok) return;
    } catch {
      // The server is killed.
    }
    await sleep(20);
  }
}

/** Reads a run to its end, and once more after that. */
async function read(
  id: string,
  servers: readonly ChaosServer[],
  random: Random,
): Promise<Reading> {
  const reading: Reading = {
    data: [],
    ends: [],
    lastEventId: "",
    attempts: 0,
    isLate: false,
  };
  let isOver = false;
  while (!isOver) {
    const connection = connect(`http://chaos.invalid/${id}`, {
      fetch: async (_, init) => {
        reading.attempts++;
        const response = await fetch(random.pick(servers).url + id, init);
        isOver = response.status === 204 || response.status === 404;
        reading.isLate ||= response.status === 404;
        return response;
      },
      lastEventId: reading.lastEventId,
      reconnectionTime: 20,
      idleTimeout: 3000,
      backoff: { maxDelay: 200 },
    });
    try {
      for await (const { event, data, lastEventId } of connection) {
        reading.lastEventId = lastEventId;
        // It was forgotten while it was being answered.
        if (event === "gap") reading.isLate = true;
        else if (event === "end") reading.ends.push(data);
        else reading.data.push(`${event}: ${data}`);
        if (random.onceIn(30)) break;
      }
    } catch {
      // The server has refused it while its engine was away.
    }
    await sleep(random.below(50));
  }
  return reading;
}

/** Who has produced a run, by its ID. */
function readNotebook(text: string): Map<string, string[]> {
  const producers = new Map<string, string[]>();
  for (const line of text.trim().split("\n")) {
    const [id = "", producer = ""] = line.split(" ");
    producers.set(id, [...producers.get(id) ?? [], producer]);
  }
  return producers;
}

function checkReadings(
  id: string,
  readings: readonly Reading[],
  producers: readonly string[],
): void {
  assert(producers.length <= 1, `${id} was produced ${producers.length} times`);
  const end = readings.find(({ ends }) => ends.length > 0)?.ends[0];
  for (const { data, ends, isLate } of readings) {
    const expected = Array.from(
      data,
      (_, chunk) => `message: ${producers[0]} ${chunk}`,
    );
    assertEquals(data, expected, id);
    if (!isLate || ends.length > 0) assertEquals(ends, [end], id);
    if (ends[0] === "done") assertEquals(data.length, CHUNKS, id);
    else if (ends.length > 0) assertEquals(ends, ["lost"], id);
  }
}

async function checkNothingLeft(
  engine: EngineAddress,
  ids: readonly string[],
): Promise<void> {
  const { logs, close } = await openLogs(engine);
  try {
    await sleep(KEEP_FOR);
    for (const id of ids) {
      const { last, isClaimed } = await logs.inspect(id);
      assertEquals([last, isClaimed], [undefined, false], id);
    }
  } finally {
    await close();
  }
}
