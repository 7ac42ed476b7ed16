// Copyright 2026 the Tidings authors. MIT license.

/** When a follower of a log in PostgreSQL looks for events: with a clock and a server of its own. */

import { assert, assertEquals } from "@std/assert";
import { type PostgresClient, PostgresEventLog } from "../../logs/postgres.ts";
import { FakeTime } from "../support/fake_time.ts";

const CURSOR = "5-5";

/** Answers as a server with one event, and maybe one more that is held back. */
class TestServer implements PostgresClient {
  isHeld = false;
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
): Promise<void> {
  using time = new FakeTime();
  const server = new TestServer(time);
  const log = new PostgresEventLog(server, "news", { maxEvents: Infinity });
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

Deno.test("PostgresEventLog.follow() runs four statements a minute at most while nothing comes", () =>
  follow(async (server, time) => {
    await pass(time, 300_000, 50);
    assert(server.times.length > 5, `${server.times.length}`);
    assert(server.times.length <= 5 * 4, `${server.times.length}`);
  }));

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
