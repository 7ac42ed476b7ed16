// Copyright 2026 the Tidings authors. MIT license.

/**
 * Where a client of a channel goes on, whatever cursor it brings: the table of the
 * design, for one client and for a thousand that each bring another one.
 */

import { assert, assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import type { EventLog } from "../../log.ts";
import { BodyClient, makeRequest, until } from "./_clients.ts";
import { numbers } from "../conformance/event_log_readers.ts";

/** A log whose requests to its engine are counted. */
export interface CursorsFixture {
  /** Of which about `MAX_EVENTS` events are kept. */
  log: EventLog;
  /** How many requests there were, except to follow. */
  countCommands: () => number;
  /** Makes events missing that are in the history, if that is possible. */
  remove?: (ids: readonly string[]) => Promise<unknown>;
  close?: () => Promise<void> | void;
}

/** How many events a log keeps. */
export const MAX_EVENTS = 600;
const EVENTS = 1500;
const HERD = 1000;

type Kind = "known" | "missing" | "old" | "late" | "foreign";

/** What a client gets: whether it is told of a gap, and where it goes on. */
const TABLE: Record<Kind, { gap: boolean; begin: "after" | "oldest" | "end" }> =
  {
    known: { gap: false, begin: "after" },
    missing: { gap: true, begin: "after" },
    old: { gap: true, begin: "oldest" },
    late: { gap: true, begin: "end" },
    foreign: { gap: true, begin: "oldest" },
  };

/** Declares the tests with one engine. */
export function testCursors(
  name: string,
  makeFixture: () => Promise<CursorsFixture> | CursorsFixture,
  { canRemove = false, ignore = false } = {},
): void {
  for (const kind of Object.keys(TABLE) as Kind[]) {
    if (kind === "missing" && !canRemove) continue;
    for (const liveSegmentBytes of [0, 1_048_576]) {
      const test =
        `a cursor that is ${kind}, with ${name} and a live segment of ${liveSegmentBytes} bytes`;
      Deno.test(
        `EventChannel goes on by the table after ${test}`,
        { ignore },
        async () => {
          await using stage = await Stage.open(await makeFixture());
          await stage.check(kind, liveSegmentBytes);
        },
      );
    }
    const test = `a thousand cursors that are ${kind}, with ${name}`;
    Deno.test(
      `EventChannel asks the log no more than twice as much for ${test}`,
      { ignore },
      async () => {
        await using stage = await Stage.open(await makeFixture());
        const one = await stage.countHerd(kind, 1);
        const many = await stage.countHerd(kind, HERD);
        assert(many <= 2 * one, `${many} commands, ${one} with one cursor`);
      },
    );
  }

  Deno.test(
    `EventChannel serves one that is merely behind while a thousand unknown cursors come, with ${name}`,
    { ignore },
    async () => {
      await using stage = await Stage.open(await makeFixture());
      await stage.checkOneBehind();
    },
  );
}

/** A log with a history, of which the oldest events are gone. */
class Stage implements AsyncDisposable {
  readonly #fixture: CursorsFixture;
  readonly #ids: readonly string[];
  /** The IDs of the events that are there, and of removed ones. */
  readonly #kept: readonly string[];
  readonly #missing: readonly string[];

  private constructor(
    fixture: CursorsFixture,
    ids: readonly string[],
    kept: readonly string[],
    missing: readonly string[],
  ) {
    this.#fixture = fixture;
    this.#ids = ids;
    this.#kept = kept;
    this.#missing = missing;
  }

  static async open(fixture: CursorsFixture): Promise<Stage> {
    const { log, remove } = fixture;
    const ids: string[] = [];
    while (ids.length < EVENTS) {
      const appends = numbers(100).map(() =>
        log.append({ data: "past" }, { topics: [`${ids.length}`] })
      );
      ids.push(...await Promise.all(appends));
    }
    const kept = new Set<string>();
    for (let after = await log.rewind(Infinity);;) {
      const { events, cursor } = await log.read(after);
      if (events.length === 0) break;
      for (const { id } of events) kept.add(id);
      after = cursor;
    }
    const missing = remove ? ids.filter((id, i) => kept.has(id) && i % 2) : [];
    await remove?.(missing);
    for (const id of missing) kept.delete(id);
    return new Stage(fixture, ids, [...kept], missing);
  }

  /** A cursor of a kind; each number is another one, as far as there are as many. */
  cursor(kind: Kind, number: number): string {
    const { length } = this.#kept;
    switch (kind) {
      case "known":
        // Some of the oldest leave during a test.
        return this.#kept[50 + number * 7 % (length - 50)]!;
      case "missing":
        return this.#missing[number * 7 % this.#missing.length]!;
      case "old":
        // The oldest that is left may come right after a removed one.
        return this.#ids[number * 7 % 500]!;
      case "late":
        return this.#ids.at(-1)!.replace(
          /\d+$/,
          (digits) => String(Number(digits) + 1e6 + number),
        );
      case "foreign":
        return number % 2 === 0 ? `elsewhere ${number}` : `0${number}-7`;
    }
  }

  /** Lets one come with each of some cursors, and looks at all that it gets. */
  async check(kind: Kind, liveSegmentBytes: number): Promise<void> {
    const { log } = this.#fixture;
    await using channel = new EventChannel({ log, liveSegmentBytes });
    const { gap, begin } = TABLE[kind];
    const cursors = [0, 1, 50].map((number) => this.cursor(kind, number));
    const clients = cursors.map((cursor) =>
      new BodyClient(
        channel.serve(makeRequest(cursor), { topics: "all" }),
      ).run()
    );
    for (const [index, { inbox }] of clients.entries()) {
      const lastEventId = cursors[index]!;
      const notices = gap ? 1 : 0;
      const expected = begin === "end"
        ? []
        : begin === "oldest"
        ? this.#kept
        : this.#kept.slice(this.#indexAfter(lastEventId));
      await inbox.untilEvents(notices + expected.length);
      const events = inbox.events.slice();
      if (gap) {
        const notice = events.shift();
        assertEquals(notice?.event, "gap");
        assertEquals(JSON.parse(notice?.data ?? ""), { lastEventId });
      }
      assertEquals(events.map((event) => event.lastEventId), expected);
    }
    // Each goes on from there with nothing left out or twice.
    const received = clients.map(({ inbox }) => inbox.events.length);
    const data = ["live 1", "live 2"];
    const ids = await Promise.all(data.map((data) => log.append({ data })));
    for (const [index, { inbox }] of clients.entries()) {
      await inbox.until(() => inbox.lastEventId === ids[1]);
      assertEquals(inbox.data.slice(received[index]), data);
    }
    for (const client of clients) await client[Symbol.asyncDispose]();
  }

  /** The requests for so many clients, each with a cursor of its own, or all with one. */
  async countHerd(kind: Kind, cursors: number): Promise<number> {
    const { log, countCommands } = this.#fixture;
    await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
    const before = countCommands();
    const clients = numbers(HERD).map((_, index) =>
      new BodyClient(
        channel.serve(makeRequest(this.cursor(kind, index % cursors)), {
          topics: [`topic ${index}`],
        }),
      ).run()
    );
    const gaps = TABLE[kind].gap ? HERD : 0;
    // After that, what is published is also for clients that came after the end.
    await until(() => channel.counters.gaps >= gaps);
    await meetEnd(channel, clients);
    const commands = countCommands() - before;
    assertEquals(channel.counters.gaps, gaps);
    for (const client of clients) await client[Symbol.asyncDispose]();
    return commands;
  }

  async checkOneBehind(): Promise<void> {
    const { log, countCommands } = this.#fixture;
    await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
    const before = countCommands();
    const herd = numbers(HERD).map((_, index) =>
      new BodyClient(
        channel.serve(makeRequest(this.cursor("foreign", index)), {
          topics: ["none"],
        }),
      ).run()
    );
    await using behind = new BodyClient(
      channel.serve(makeRequest(this.#kept.at(-2)), { topics: "all" }),
    ).run();
    await behind.inbox.untilEvents(1);
    const commands = countCommands() - before;
    // The history once, and its beginning: not a reading for each of the herd.
    assert(commands <= 40, `${commands} commands came first`);
    assertEquals(behind.inbox.lastEventId, this.#kept.at(-1));
    for (const client of herd) await client[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fixture.close?.();
  }

  /** The index of the oldest event after a cursor that is there, or was. */
  #indexAfter(cursor: string): number {
    const position = this.#ids.indexOf(cursor);
    const index = this.#kept.findIndex((id) =>
      this.#ids.indexOf(id) > position
    );
    return index === -1 ? this.#kept.length : index;
  }
}

/** Waits until all have what is for everybody. */
async function meetEnd(
  channel: EventChannel,
  clients: readonly BodyClient[],
): Promise<void> {
  const id = await channel.publish({ data: "end" });
  for (const { inbox } of clients) {
    await inbox.until(() => inbox.lastEventId === id);
  }
}
