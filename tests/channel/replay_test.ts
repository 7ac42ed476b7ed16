// Copyright 2026 the Tidings authors. MIT license.

/** That `replay` counts what a client gets, and what that costs. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel, type EventChannelServeOptions } from "../../channel.ts";
import { type EventLog, MemoryEventLog } from "../../log.ts";
import { BodyClient, makeRequest, until } from "./_clients.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RemoteLog } from "../support/remote_log.ts";

/** Where the past events are when a newcomer comes. */
const PLACES: Record<
  string,
  { make: () => EventLog; liveSegmentBytes: number }
> = {
  "a log in memory": {
    make: () => new MemoryEventLog(),
    liveSegmentBytes: 1_048_576,
  },
  "a log in memory, without a live segment": {
    make: () => new MemoryEventLog(),
    liveSegmentBytes: 0,
  },
  "a filled live segment": {
    make: () => new RemoteLog(),
    liveSegmentBytes: 4_194_304,
  },
  "a live segment that is too short": {
    make: () => new RemoteLog(),
    liveSegmentBytes: 10_000,
  },
  "a remote log": { make: () => new RemoteLog(), liveSegmentBytes: 0 },
};

/**
 * Appends events to a log: every tenth is of the room "quiet" and of the type "rare", the
 * others are of the room "busy".
 */
async function fill(log: EventLog, count: number): Promise<void> {
  await Promise.all(
    Array.from({ length: count }, (_, index) => {
      const isRare = index % 10 === 0;
      const event = isRare ? "rare" : "often";
      const topics = [isRare ? "quiet" : "busy"];
      return log.append({ event, data: `${index}` }, { topics });
    }),
  );
}

/** The data of the last events of every tenth, before a number of events. */
function lastTenths(count: number, before: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => `${before - 10 * (count - index)}`,
  );
}

/** What a newcomer gets of the past, once it has so many events and is up to date. */
async function replay(
  channel: EventChannel,
  options: EventChannelServeOptions,
  count: number,
): Promise<string[]> {
  const { types, filter } = options;
  await using client = new BodyClient(channel.serve(makeRequest(), {
    ...options,
    types: types && [...types, "end"],
    filter: filter && ((event) => event.event === "end" || filter(event)),
  })).run();
  const { inbox } = client;
  await inbox.until(() => inbox.lastEventId !== "");
  await inbox.untilEvents(count);
  await channel.publish({ event: "end", data: "end" });
  await inbox.until(() => inbox.data.includes("end"));
  return inbox.data.slice(0, inbox.data.indexOf("end"));
}

const isTenth = ({ data }: { data?: string | undefined }) =>
  data?.endsWith("0") === true;

for (const [place, { make, liveSegmentBytes }] of Object.entries(PLACES)) {
  const rows: [string, EventChannelServeOptions, string[]][] = [
    ["topics", { topics: ["quiet"], replay: 3 }, lastTenths(3, 3000)],
    ["several topics", { topics: ["quiet", "none"], replay: 1 }, ["2990"]],
    ["types", { topics: "all", types: ["rare"], replay: 20 }, [
      ...lastTenths(20, 3000),
    ]],
    ["a filter", { topics: "all", filter: isTenth, replay: 2 }, [
      "2980",
      "2990",
    ]],
    ["topics and a filter", {
      topics: ["busy", "quiet"],
      filter: isTenth,
      replay: 4,
    }, lastTenths(4, 3000)],
    ["an until", {
      topics: ["quiet"],
      until: ({ data }) => data === "never",
      replay: 3,
    }, lastTenths(3, 3000)],
    ["nothing that chooses", { topics: "all", replay: 2 }, ["2998", "2999"]],
    [
      "no more than 1000 events back",
      { topics: ["quiet"], replay: 50 },
      lastTenths(50, 3000),
    ],
    [
      "no more than 20 for each event back",
      { topics: "all", types: ["rare"], replay: 101 },
      lastTenths(101, 3000),
    ],
    ["what nobody gets", { topics: ["none"], replay: 5 }, []],
  ];
  for (const [name, options, expected] of rows) {
    Deno.test(`EventChannel.serve() with replay counts what a client gets: ${name}, from ${place}`, async () => {
      const log = make();
      await fill(log, 3000);
      await using channel = new EventChannel({
        log,
        liveSegmentBytes,
        keepAlive: 0,
      });
      const { length } = expected;
      assertEquals(await replay(channel, options, length), expected);
    });
  }

  for (const [count, limit] of [[3, 1000], [50, 1000], [100, 2000]] as const) {
    Deno.test(`EventChannel.serve() with replay ${count} looks at ${limit} events and no more, in ${place}`, async () => {
      const log = make();
      const filler = { data: "-" };
      const busy = { topics: ["busy"] };
      await log.append({ data: "too old" }, { topics: ["quiet"] });
      await log.append({ data: "oldest" }, { topics: ["quiet"] });
      const fillers = Array.from(
        { length: limit - 1 },
        () => log.append(filler, busy),
      );
      await Promise.all(fillers);
      await using channel = new EventChannel({
        log,
        liveSegmentBytes,
        keepAlive: 0,
      });
      const topics = ["quiet"];
      const options = { topics, replay: count };
      assertEquals(await replay(channel, options, 1), ["oldest"]);
      // Now the event that ended the last replay is one of those that are looked at.
      await using client = new BodyClient(channel.serve(makeRequest(), options))
        .run();
      await client.inbox.untilEvents(1);
      assertEquals(client.inbox.data, ["end"]);
    });
  }
}

Deno.test("EventChannel.serve() with replay gives the events that are published during the search, once and in order", async () => {
  const log = new RemoteLog();
  await fill(log, 2000);
  await using channel = new EventChannel({
    log,
    liveSegmentBytes: 0,
    keepAlive: 0,
  });
  const client = new BodyClient(
    channel.serve(makeRequest(), { topics: ["quiet"], replay: 2 }),
  ).run();
  const live: string[] = [];
  for (let i = 0; i < 20; i++) {
    live.push(`live ${i}`);
    await channel.publish({ data: `live ${i}` }, { topics: ["quiet"] });
  }
  await client.inbox.until(() => client.inbox.data.includes("live 19"));
  const { data } = client.inbox;
  assertEquals(data.slice(-20), live);
  // Each of the two, but for those that an event has come after.
  assert(data.length <= 22, data.join());
  await client[Symbol.asyncDispose]();
});

Deno.test("EventChannel.serve() with replay reads the log once for newcomers that come at once", async () => {
  const cost = async (clients: number): Promise<number> => {
    const log = new RemoteLog();
    await fill(log, 3000);
    await using channel = new EventChannel({
      log,
      liveSegmentBytes: 0,
      keepAlive: 0,
    });
    const all = Array.from(
      { length: clients },
      (_, index) =>
        new BodyClient(channel.serve(makeRequest(), {
          topics: ["quiet", `user:${index}`],
          replay: 5,
        })).run(),
    );
    for (const { inbox } of all) await inbox.untilEvents(5);
    for (const client of all) {
      assertEquals(client.inbox.data, lastTenths(5, 3000));
      await client[Symbol.asyncDispose]();
    }
    return log.calls.read;
  };
  const one = await cost(1);
  const many = await cost(200);
  assert(many <= one + 5, `${many} readings, and ${one} for one`);
});

Deno.test("EventChannel.serve() with replay reads a log that answers at once for newcomers that come one after the other", async () => {
  const log = new MemoryEventLog();
  await fill(log, 200);
  let searches = 0;
  const { rewind } = log;
  log.rewind = (count, options) => {
    searches++;
    return rewind.call(log, count, options);
  };
  const { setTimeout } = globalThis;
  const settle = () => new Promise((resolve) => setTimeout(resolve, 0));
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  using time = new FakeTime();
  const clients: BodyClient[] = [];
  const come = async (): Promise<void> => {
    const options = { topics: ["quiet"], replay: 2 };
    clients.push(new BodyClient(channel.serve(makeRequest(), options)).run());
    await settle();
  };
  await come();
  assertEquals(clients[0]?.inbox.data, lastTenths(2, 200));
  const ofOne = searches;
  for (let i = 0; i < 9; i++) await come();
  assertEquals(searches, ofOne);
  time.pass(5);
  await settle();
  assert(searches > ofOne && searches <= 2 * ofOne, `${searches} searches`);
  for (const client of clients) {
    assertEquals(client.inbox.data, lastTenths(2, 200));
    await client[Symbol.asyncDispose]();
  }
});

Deno.test("EventChannel.serve() with replay ends only the client whose filter throws", async () => {
  const log = new RemoteLog();
  await fill(log, 100);
  const errors: unknown[] = [];
  await using channel = new EventChannel({
    log,
    liveSegmentBytes: 0,
    keepAlive: 0,
  });
  const bad = new BodyClient(channel.serve(makeRequest(), {
    topics: "all",
    filter() {
      throw new Error("No filter");
    },
    replay: 3,
    onClose: (reason) => errors.push(reason),
  }));
  await using good = new BodyClient(
    channel.serve(makeRequest(), { topics: ["quiet"], replay: 3 }),
  ).run();
  await good.inbox.untilEvents(3);
  await assertRejects(() => bad.end(), Error, "No filter");
  assertEquals(errors, ["error"]);
});

Deno.test("EventChannel.serve() with replay serves newcomers after others have left during the search", async () => {
  const log = new RemoteLog();
  await fill(log, 2000);
  await using channel = new EventChannel({
    log,
    liveSegmentBytes: 0,
    keepAlive: 0,
  });
  const options = { topics: ["quiet"], replay: 3 };
  log.down.add("read");
  const gone = [1, 2, 3].map(() =>
    new BodyClient(channel.serve(makeRequest(), options)).run()
  );
  const { read } = log.calls;
  await until(() => log.calls.read > read);
  for (const client of gone) await client[Symbol.asyncDispose]();
  assertEquals(channel.size, 0);
  log.down.clear();
  assertEquals(await replay(channel, options, 3), lastTenths(3, 2000));
});

Deno.test("EventChannel.close() ends a search for a replay", async () => {
  const log = new RemoteLog();
  await fill(log, 2000);
  // The search waits until the log can be read again.
  log.down.add("read");
  const channel = new EventChannel({
    log,
    liveSegmentBytes: 0,
    keepAlive: 0,
    onError() {},
  });
  const options = { topics: ["quiet"], replay: 3 };
  const client = new BodyClient(channel.serve(makeRequest(), options)).run();
  await until(() => log.calls.read > 0);
  await channel.close();
  await client.end();
  assertEquals(client.inbox.data, []);
});
