// Copyright 2026 the Tidings authors. MIT license.

/** Tests that the methods of a log, and of logs by name, check their options. */

import { assertEquals, assertRejects } from "@std/assert";
import type {
  EventLog,
  EventLogAppendOptions,
  EventLogClaimOptions,
  EventLogExpireOptions,
  EventLogFollowOptions,
  EventLogOpenOptions,
  EventLogOptions,
  EventLogReadOptions,
  EventLogs,
} from "../../log.ts";
import type { TextEventInit } from "../../event.ts";
import { testOptions } from "./options_suite.ts";

const { signal } = new AbortController();
const WRONG = { signal: true };
const STOP = new Error("The follower has what it wants");

/**
 * Tests the methods of a log.
 *
 * @param name What the tests are named after.
 * @param use Makes a log, and releases it after the call.
 * @param refusesOnly Whether the log cannot be used, only called wrongly.
 * @param takesTransaction Whether an event can be part of a transaction.
 */
export function testLogOptions(
  name: string,
  use: <T>(call: (log: EventLog) => Promise<T>) => Promise<T>,
  refusesOnly = false,
  takesTransaction = false,
): void {
  if (!takesTransaction) testNoTransaction(name, use);
  testOptions<Omit<EventLogAppendOptions, "transaction">>({
    name: `${name}.append()`,
    call: (options) => use((log) => log.append({ data: "a" }, options)),
    right: {
      signal,
      topics: ["user:ada"],
      conflationKey: "price:AAPL",
      disconnect: true,
    },
    wrong: {
      ...WRONG,
      topics: "user:ada",
      conflationKey: 5,
      disconnect: "yes",
    },
    refusesOnly,
  });
  testOptions<EventLogReadOptions>({
    name: `${name}.read()`,
    call: (options) => use((log) => log.read("0-0", options)),
    right: { signal, limit: 5, maxBytes: 5 },
    wrong: { ...WRONG, limit: "5", maxBytes: "5" },
    refusesOnly,
  });
  testOptions<EventLogOptions>({
    name: `${name}.rewind()`,
    call: (options) => use((log) => log.rewind(0, options)),
    right: { signal },
    wrong: WRONG,
    refusesOnly,
  });
  testOptions<EventLogFollowOptions>({
    name: `${name}.follow()`,
    call: (options) =>
      use((log) =>
        log.follow(() => {
          throw STOP;
        }, options).catch((error) => {
          if (error !== STOP) throw error;
        })
      ),
    right: { signal, after: "0-0" },
    wrong: { ...WRONG, after: 5 },
    refusesOnly,
  });

  for (
    const conflationKey of [
      "",
      "a\nb",
      "a\rb",
      "a\0",
      "\ud800",
      "x".repeat(257),
    ]
  ) {
    const shown = JSON.stringify(conflationKey.slice(0, 5));
    Deno.test(`${name}.append() refuses the conflation key ${shown}`, async () => {
      await assertRejects(
        () => use((log) => log.append({ data: "a" }, { conflationKey })),
        TypeError,
        'Cannot append event: expected "conflationKey" to be well-formed text',
      );
    });
  }

  for (
    const member of [
      "topics",
      "topic",
      "types",
      "filter",
      "to",
      "conflationKey",
    ]
  ) {
    Deno.test(`${name}.append() refuses an event with "${member}"`, async () => {
      const event = { data: "for Ada", [member]: ["user:ada"] };
      await assertRejects(
        () => use((log) => log.append(event)),
        TypeError,
        `Cannot append event: expected "${member}" to be an option`,
      );
    });
  }

  if (refusesOnly) return;
  Deno.test(`${name}.append() takes a stored event with its own topics and key`, async () => {
    await use(async (log) => {
      const topics = ["user:ada"];
      const conflationKey = "price:AAPL";
      const event = { data: "for Ada", topics, conflationKey } as TextEventInit;
      await log.append(event, { topics, conflationKey });
      await log.append({ data: "for all", topics: undefined } as TextEventInit);
      const { events } = await log.read(await log.rewind(Infinity));
      assertEquals(events.map((event) => event.topics), [topics, undefined]);
    });
  });
}

/** Tests that a log does not publish outside of a transaction that it does not know. */
function testNoTransaction(
  name: string,
  use: <T>(call: (log: EventLog) => Promise<T>) => Promise<T>,
): void {
  for (const transaction of [{}, null, "BEGIN"]) {
    Deno.test(`${name}.append() refuses the transaction ${JSON.stringify(transaction)}`, async () => {
      await assertRejects(
        () => use((log) => log.append({ data: "a" }, { transaction })),
        TypeError,
        'Cannot append event: expected "transaction" to be left out',
      );
    });
  }
}

/** Tests the methods of logs by name, as {@linkcode testLogOptions}. */
export function testLogsOptions(
  name: string,
  use: <T>(call: (logs: EventLogs) => Promise<T>) => Promise<T>,
  refusesOnly = false,
): void {
  testLogOptions(
    `${name}.open()`,
    (call) => use((logs) => call(logs.open("a"))),
    refusesOnly,
  );
  testOptions<EventLogOpenOptions>({
    name: `${name}.open()`,
    // deno-lint-ignore require-await -- what it throws becomes a rejection
    call: (options) => use(async (logs) => logs.open("a", options)),
    right: { expireIn: 5 },
    wrong: { expireIn: "5" },
    refusesOnly,
  });
  testOptions<EventLogClaimOptions>({
    name: `${name}.claim()`,
    call: (options) => use((logs) => logs.claim("a", options)),
    base: { leaseTime: 1000 },
    right: {
      leaseTime: 1000,
      expireIn: 1000,
      after: "0-0",
      takeOver: "",
      replace: true,
      event: { data: "a" },
    },
    wrong: {
      leaseTime: "1000",
      expireIn: "1000",
      after: 5,
      takeOver: 5,
      replace: 1,
      event: "a",
    },
    refusesOnly,
  });
  testOptions<EventLogExpireOptions>({
    name: `${name}.expire()`,
    call: (options) => use((logs) => logs.expire("a", 1000, options)),
    right: { claimId: "1-0" },
    wrong: { claimId: 5 },
    refusesOnly,
  });
}
