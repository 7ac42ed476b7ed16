// Copyright 2026 the Tidings authors. MIT license.

/** When a follower of a log in PostgreSQL looks for events: with a clock and a server of its own. */

import { assert, assertEquals } from "@std/assert";
import {
  type PostgresClient,
  PostgresEventLog,
  type PostgresEventLogOptions,
} from "../../logs/postgres.ts";
import { FakeTime } from "../support/fake_time.ts";

const CURSOR = "5-5";

/** Answers as a server with one event, and maybe one more that is held back. */
class TestServer implements PostgresClient {
  isHeld = false;
  /** Whether the event has left. */
  isEmpty = false;
  /** When each statement came. */
  readonly times: number[] = [];
  notify: () => void = () => {};
  readonly #time: FakeTime;

  constructor(time: FakeTime) {
    this.#time = time;
  }

  query(sql: string, [, beat]: (string | null)[]): Promise<object[]> {
    this.times.push(this.#time.now);
    return Promise.resolve(this.#answer(sql, beat ?? ""));
  }

  listen(
    _channel: string,
    onNotify: (payload: string) => void,
  ): Promise<() => void> {
    this.notify = () => onNotify("news");
    this.#tell = onNotify;
    return Promise.resolve(() => {});
  }

  #tell: (payload: string) => void = () => {};

  #answer(sql: string, beat: string): object[] {
    if (sql.includes("FROM tidings_schema")) return [{ version: "1" }];
    if (sql.startsWith("SELECT pg_notify")) {
      this.#tell(beat);
      return [];
    }
    if (sql.includes("DELETE")) return [{ count: "0" }];
    if (this.isEmpty) {
      const state = JSON.stringify([CURSOR, null, false]);
      return sql.includes("dropped") ? [{ cursor: "", event: state }] : [];
    }
    const rows = [{ cursor: CURSOR, event: "" }];
    return this.isHeld ? [...rows, { cursor: "7-7", event: null }] : rows;
  }
}

/** Lets all that is due happen, in steps of a millisecond or more. */
async function pass(
  time: FakeTime,
  milliseconds: number,
  step = 1,
): Promise<void> {
  for (let left = milliseconds; left > 0; left -= step) {
    time.pass(step);
    for (let i = 0; i < 50; i++) await Promise.resolve();
  }
}

async function follow(
  fn: (server: TestServer, time: FakeTime) => Promise<void>,
  options: PostgresEventLogOptions = { maxEvents: Infinity },
): Promise<void> {
  using time = new FakeTime();
  const server = new TestServer(time);
  const log = new PostgresEventLog(server, "news", options);
  const controller = new AbortController();
  const { signal } = controller;
  const following = log.follow(() => {}, { after: CURSOR, signal })
    .catch(() => {});
  await pass(time, 100);
  server.times.length = 0;
  await fn(server, time);
  controller.abort();
  await following;
}

const IDLE: [
  what: string,
  options?: PostgresEventLogOptions,
  isEmpty?: true,
][] = [
  ["nothing comes"],
  ["nothing comes, with the default of what is kept", {}],
  ["nothing comes, and events leave after a second", { maxAge: 1000 }],
  ["nothing comes, and events leave after a minute", { maxAge: 60_000 }],
  ["nothing comes, and events leave after an hour", { maxAge: 3_600_000 }],
  ["nothing comes, and all events have left", { maxAge: 60_000 }, true],
];
for (const [what, options, isEmpty = false] of IDLE) {
  Deno.test(`PostgresEventLog.follow() runs four statements a minute at most while ${what}`, () =>
    follow(async (server, time) => {
      server.isEmpty = isEmpty;
      await pass(time, 120_000, 50);
      server.times.length = 0;
      await pass(time, 300_000, 50);
      assert(server.times.length > 5, `${server.times.length}`);
      assert(server.times.length <= 5 * 4, `${server.times.length}`);
    }, options));
}

Deno.test("PostgresEventLog.follow() looks again after 5 ms to a second while a transaction holds events back", () =>
  follow(async (server, time) => {
    for (let twice = 0; twice < 2; twice++) {
      server.isHeld = true;
      server.notify();
      await pass(time, 5000);
      const waits = server.times.slice(1)
        .map((each, n) => each - server.times[n]!);
      assertEquals(
        waits.slice(0, 10),
        [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000],
      );
      server.isHeld = false;
      await pass(time, 1000);
      server.times.length = 0;
      await pass(time, 5000, 5);
      assertEquals(server.times, []);
    }
  }));
