// Copyright 2026 the Tidings authors. MIT license.

/** What another program has written into the log of a run after its end. */

import { assertEquals } from "@std/assert";
import { type EventLogs, MemoryEventLogs } from "../../log.ts";
import { RedisEventLogs } from "../../logs/redis_streams.ts";
import { EventRuns } from "../../runs/mod.ts";
import { RedisReconnecting } from "../support/redis_connection.ts";
import { hasRedis, redisNote, RedisServer } from "../support/redis_server.ts";
import { recordWarnings } from "../support/warnings.ts";
import { readRun, readToEnd, runRequest, until } from "./_fixture.ts";

/** Writes after the end of the run `a`. */
type Write = (name: string) => Promise<unknown>;

const START = [{ data: "1" }, { data: "2" }];
const END = { event: "end", data: "done" };
const EVENTS = ["message: 1", "message: 2", "end: done"];

function test(
  behaviour: string,
  fn: (logs: EventLogs, write: Write) => Promise<void>,
): void {
  Deno.test(`EventRuns, MemoryEventLogs: ${behaviour}`, async () => {
    using logs = new MemoryEventLogs();
    await fn(logs, (name) => logs.open(name).append({ data: "stray" }));
  });
  const name = `EventRuns, RedisEventLogs${redisNote}: ${behaviour}`;
  Deno.test(name, { ignore: !hasRedis }, async () => {
    await using server = await RedisServer.start();
    await using client = new RedisReconnecting(server.port);
    const logs = new RedisEventLogs(client, "runs:");
    await fn(
      logs,
      (name) => client.send(["XADD", `runs:{${name}}`, "*", "data", "stray"]),
    );
  });
}

/** Has a run end, and its producer leave. */
async function finish(runs: EventRuns, logs: EventLogs): Promise<void> {
  await runs.start("a", () => START);
  await untilLeft(logs);
}

async function untilLeft(logs: EventLogs): Promise<void> {
  await until(async () => !(await logs.inspect("a")).isClaimed);
}

test(
  "a run stays done when another program writes after its end, which is told once",
  async (logs, write) => {
    const errors: string[] = [];
    await using runs = new EventRuns({
      logs,
      endEvent: () => END,
      onError: (error, id) => void errors.push(`${id}: ${error}`),
    });
    await finish(runs, logs);
    await write("a");
    for (let i = 0; i < 3; i++) assertEquals(await runs.status("a"), "done");
    assertEquals(await runs.ended("a"), "done");
    assertEquals(errors.length, 1);
    assertEquals(
      errors[0]!.replace(/"[^"]*"/, "ID"),
      "a: EventLogEntryError: Cannot read entry ID of event log: it stands after the end of the run",
    );
    await write("a");
    assertEquals(await runs.status("a"), "done");
    assertEquals(errors.length, 2);
  },
);

test(
  "a reader gets nothing of what another program writes after the end",
  async (logs, write) => {
    await using runs = new EventRuns({
      logs,
      endEvent: () => END,
      onError: () => {},
    });
    await finish(runs, logs);
    await using before = await readRun(runs, "a");
    await before.end();
    const { id = "" } = before.inbox.events.at(-1) ?? {};
    for (let i = 0; i < 20; i++) await write("a");
    assertEquals(await readToEnd(runs, "a"), EVENTS);
    const [first] = before.inbox.events;
    assertEquals(await readToEnd(runs, "a", first!.id), EVENTS.slice(1));
    for (const method of ["GET", "HEAD"]) {
      const { status } = await runs.serve("a", runRequest(id, method));
      assertEquals(status, 204);
    }
  },
);

test(
  "a run goes on after what another program has written after its end",
  async (logs, write) => {
    await using runs = new EventRuns({ logs, onError: () => {} });
    await finish(runs, logs);
    await write("a");
    assertEquals(await runs.start("a", () => [{ data: "3" }]), false);
    const again = { restart: "after" } as const;
    assertEquals(await runs.start("a", () => [{ data: "3" }], again), true);
    await until(async () => await runs.status("a") === "done");
    const events = await readToEnd(runs, "a");
    assertEquals(events.filter((event) => event.endsWith("3")), ["message: 3"]);
    const replace = { restart: "replace" } as const;
    await write("a");
    assertEquals(await runs.start("a", () => START, replace), true);
    await until(async () => await runs.status("a") === "done");
    assertEquals(await readToEnd(runs, "a"), EVENTS);
  },
);

test(
  "an entry after the end of a run is a warning where there is no onError",
  async (logs, write) => {
    using recorder = recordWarnings();
    await using runs = new EventRuns({ logs });
    await finish(runs, logs);
    await write("a");
    for (let i = 0; i < 3; i++) await runs.status("a");
    assertEquals(recorder.codes, ["TIDINGS_ENTRY"]);
  },
);

Deno.test("EventRuns looks at the last 100 entries after an end, and no further", async () => {
  using logs = new MemoryEventLogs();
  await using runs = new EventRuns({ logs, onError: () => {} });
  await finish(runs, logs);
  const log = logs.open("a");
  for (let i = 0; i < 100; i++) await log.append({ data: "stray" });
  assertEquals(await runs.status("a"), "done");
  await log.append({ data: "stray" });
  assertEquals(await runs.status("a"), "lost");
});
