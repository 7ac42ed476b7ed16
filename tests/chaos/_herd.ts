// Copyright 2026 the Tidings authors. MIT license.

/**
 * Many clients that all come back at once, each with a topic of its own, when the only
 * server is killed and started again.
 */

import { assertEquals } from "@std/assert";
import type { EventLog } from "../../log.ts";
import { SocketClient } from "../channel/_clients.ts";
import { ChaosServer } from "./_process.ts";
import { type ChaosEngine, type Delays, openLog } from "./_server.ts";
import { within } from "../support/within.ts";

/** What came of a run. */
export interface HerdReport {
  clients: number;
  restarts: number;
  /** What the server could not do meanwhile, first and after each restart. */
  delays: Delays[];
}

const CLIENTS = 1000;
const RESTARTS = 3;
/** Events of each client before a restart, and during it. */
const EVENTS = 3;
const CONNECTS_AT_A_TIME = 100;

/** Kills a server again and again, and checks that nobody misses what is theirs. */
export async function runHerd(engine: ChaosEngine): Promise<HerdReport> {
  const { log, close } = await openLog(engine);
  const server = new ChaosServer("_server.ts", { engine });
  const members = await gather(log);
  const delays: Delays[] = [];
  try {
    for (let restart = 0; restart <= RESTARTS; restart++) {
      if (restart > 0) await server.end();
      await publish(log, members);
      if (restart > 0) await server.restart();
      await within("the server starts", server.ready());
      await askDelays(server);
      await connectAll(members, server.port);
      await publish(log, members);
      await within("all have theirs", receiveAll(members));
      delays.push(await askDelays(server));
    }
    return { clients: CLIENTS, restarts: RESTARTS, delays };
  } finally {
    for (const { client } of members) await client?.[Symbol.asyncDispose]();
    await server.end();
    await close();
  }
}

async function askDelays(server: ChaosServer): Promise<Delays> {
  const response = await fetch(`${server.url}delay`, { method: "POST" });
  return await response.json();
}

/** One of the clients, over all of its connections. */
interface Member {
  topic: string;
  lastEventId: string;
  /** What it is owed that it has not got. */
  owed: string[];
  client: SocketClient | undefined;
}

async function gather(log: EventLog): Promise<Member[]> {
  const lastEventId = await log.rewind(0);
  return Array.from({ length: CLIENTS }, (_, index) => ({
    topic: `user:${index}`,
    lastEventId,
    owed: [],
    client: undefined,
  }));
}

/** Publishes events of every client, one client's after the other's. */
async function publish(
  log: EventLog,
  members: readonly Member[],
): Promise<void> {
  for (let event = 0; event < EVENTS; event++) {
    await Promise.all(members.map((member) => {
      const data = crypto.randomUUID();
      member.owed.push(data);
      return log.append({ data }, { topics: [member.topic] });
    }));
  }
}

async function connectAll(
  members: readonly Member[],
  port: number,
): Promise<void> {
  for (let first = 0; first < members.length; first += CONNECTS_AT_A_TIME) {
    const some = members.slice(first, first + CONNECTS_AT_A_TIME);
    await Promise.all(some.map(async (member) => {
      await member.client?.[Symbol.asyncDispose]();
      const { topic, lastEventId } = member;
      const path = `/?topic=${topic}`;
      member.client = await SocketClient.connect(port, { path, lastEventId });
      member.client.run();
    }));
  }
}

async function receiveAll(members: readonly Member[]): Promise<void> {
  for (const member of members) {
    // All have been connected.
    const { inbox } = member.client!;
    await inbox.untilEvents(member.owed.length);
    assertEquals(inbox.data, member.owed);
    member.lastEventId = inbox.lastEventId;
    member.owed = [];
  }
}
