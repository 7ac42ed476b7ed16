// Copyright 2026 the Tidings authors. MIT license.

/** The public cases of logs: which of them a log fails that breaks one of its promises. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type EventLog,
  type EventLogs,
  MemoryEventLog,
  MemoryEventLogs,
} from "../../log.ts";
import {
  type ConformanceCase,
  eventLogCases,
  type EventLogFixture,
  eventLogsCases,
} from "../../testing/mod.ts";
import { afterSequence } from "../conformance/event_log_cursors_suite.ts";

const OPTIONS = {
  ownIds: true,
  makeCursorAfter: afterSequence,
  conflationKeys: true,
  disconnects: true,
};

/** Logs that break one promise, and a part of the name of a case that must fail. */
const BROKEN: [
  promise: string,
  breakLog: (log: EventLog) => Partial<EventLog>,
  failing: string,
][] = [
  [
    "gives an ID of another event",
    () => ({ append: () => Promise.resolve("1-1") }),
    "append() gives each event an ID of its own",
  ],
  [
    "forgets topics",
    (log) => ({ append: (event) => log.append(event) }),
    "append() keeps the topics",
  ],
  [
    "forgets a field",
    (log) => ({
      append: ({ comment: _, ...event }, options) => log.append(event, options),
    }),
    "append() keeps every field",
  ],
  [
    "gives every event one conflation key",
    (log) => ({
      append: (event, options) =>
        log.append(event, { ...options, conflationKey: "a" }),
    }),
    "append() keeps conflation keys",
  ],
  [
    "loses conflation keys",
    (log) => ({
      append: (event, options) =>
        log.append(event, { ...options, conflationKey: undefined }),
    }),
    "append() keeps conflation keys",
  ],
  [
    "ends streams with every entry",
    (log) => ({
      append: (event, options) =>
        log.append(event, { ...options, disconnect: true }),
    }),
    "append() keeps which entries end streams",
  ],
  [
    "loses which entries end streams",
    (log) => ({
      append: (event, options) =>
        log.append(event, { ...options, disconnect: undefined }),
    }),
    "append() keeps which entries end streams",
  ],
  [
    "reads beyond the limit",
    (log) => ({ read: (after) => log.read(after) }),
    "read() stops at the limit",
  ],
  [
    "tells no gap",
    (log) => ({
      read: async (after, options) => ({
        ...await log.read(after, options),
        gap: false,
      }),
    }),
    "read() tells of a gap once events have left the history",
  ],
  [
    "rewinds too far",
    (log) => ({ rewind: (count) => log.rewind(count + 1) }),
    "rewind() finds the cursor before the last events",
  ],
  [
    "follows from the beginning",
    (log) => ({
      follow: async (onBatch, options) =>
        await log.follow(onBatch, {
          ...options,
          after: options?.after ?? await log.rewind(Infinity),
        }),
    }),
    "follow() begins at the end with an empty batch",
  ],
  [
    "orders backwards",
    (log) => ({ compare: (a, b) => log.compare?.(b, a) }),
    "compare() orders cursors as the log does",
  ],
  [
    "takes own IDs twice",
    (log) => ({
      append: ({ id: _, ...event }, options) => log.append(event, options),
    }),
    "append() takes the application's own IDs",
  ],
];

for (const [promise, breakLog, failing] of BROKEN) {
  Deno.test(`eventLogCases() finds a log that ${promise}`, async () => {
    const cases = eventLogCases(({ maxEvents }) => {
      const log = new MemoryEventLog({ maxEvents });
      return { log: Object.assign(delegate(log), breakLog(log)) };
    }, OPTIONS);
    await assertRejects(() => find(cases, failing).run(), Error);
  });
}

/** Cases that a log must fail whose events are there before a commit. */
const BEFORE_COMMIT = [
  "append() in a transaction: nobody gets it after a rollback",
  "append() in a transaction: nothing of it is read before a commit",
  "append() in a transaction: nothing of it is read before a rollback",
];

for (const failing of BEFORE_COMMIT) {
  Deno.test(`eventLogCases() finds a log that commits at once: ${failing}`, async () => {
    const cases = eventLogCases(({ maxEvents }) => ({
      log: new MemoryEventLog({ maxEvents }),
      begin: () => ({ commit() {}, rollback() {} }),
    }), { transactions: true });
    await assertRejects(() => find(cases, failing).run(), Error);
  });
}

Deno.test("eventLogCases() finds a log that gives a cursor after what is not committed", async () => {
  const cases = eventLogCases(({ maxEvents }) => {
    const log = delegate(new MemoryEventLog({ maxEvents }));
    const { append, rewind } = log;
    let isOpen = false;
    let held: (() => void)[] = [];
    log.append = async (event, options) => {
      if (isOpen) held.push(() => void append(event, options));
      return isOpen ? "1-2" : await append(event, options);
    };
    log.rewind = async (count, options) =>
      isOpen ? "1-2" : await rewind(count, options);
    const commit = (): void => {
      isOpen = false;
      for (const write of held) write();
      held = [];
    };
    const begin = () => {
      isOpen = true;
      return { commit, rollback() {} };
    };
    return { log, begin };
  }, { transactions: true });
  const name =
    "append() in a transaction: nothing of it is read before a commit";
  await assertRejects(() => find(cases, name).run(), Error);
});

Deno.test("eventLogCases() says that a fixture needs begin()", async () => {
  const fixture = (): EventLogFixture => ({ log: new MemoryEventLog() });
  const cases = eventLogCases(fixture, { transactions: true });
  await assertRejects(
    () => find(cases, "append() in a transaction").run(),
    Error,
    "expected a fixture with begin(), got one without",
  );
});

Deno.test("eventLogsCases() finds logs that give a name to all who claim it", async () => {
  const cases = eventLogsCases(() => {
    const logs = new MemoryEventLogs();
    const broken: EventLogs = {
      open: (name, options) => logs.open(name, options),
      claim: async (name, options) => {
        const claim = await logs.claim(name, options);
        if (claim !== undefined) return claim;
        const { claimId } = await logs.inspect(name);
        return await logs.claim(name, { ...options, takeOver: claimId });
      },
      inspect: (name) => logs.inspect(name),
      expire: (name, delay, options) => logs.expire(name, delay, options),
    };
    return { logs: broken, close: () => logs.close() };
  }, OPTIONS);
  const found = find(cases, "claim() gives a name to one of many");
  await assertRejects(() => found.run(), Error, "expected 1, got ");
});

Deno.test("eventLogCases() and eventLogsCases() pass with what is needed alone", async () => {
  const cases = [
    ...eventLogCases(() => ({ log: new MemoryEventLog({ maxEvents: 400 }) })),
    ...eventLogsCases(() => {
      const logs = new MemoryEventLogs();
      return { logs, close: () => logs.close() };
    }),
  ];
  for (const { name, run } of cases) {
    await run().catch((cause) => {
      throw new Error(name, { cause });
    });
  }
  assert(cases.every(({ name }) => !name.includes("own IDs")));
});

Deno.test("eventLogCases() and eventLogsCases() give each case a name of its own", () => {
  const suites = [
    eventLogCases(() => ({ log: new MemoryEventLog() }), OPTIONS),
    eventLogsCases(() => ({ logs: new MemoryEventLogs() }), OPTIONS),
  ];
  for (const cases of suites) {
    assertEquals(new Set(cases.map(({ name }) => name)).size, cases.length);
  }
});

Deno.test("eventLogCases() closes what it has opened, also after a failure", async () => {
  let isOpen = false;
  const cases = eventLogCases(() => {
    isOpen = true;
    const log = delegate(new MemoryEventLog());
    log.append = () => Promise.reject(new Error("It is me"));
    return { log, close: () => void (isOpen = false) };
  });
  const found = find(cases, "append() gives each event an ID of its own");
  await assertRejects(() => found.run(), Error, "It is me");
  assertEquals(isOpen, false);
});

function find(
  cases: readonly ConformanceCase[],
  name: string,
): ConformanceCase {
  const found = cases.find((each) => each.name.startsWith(name));
  assert(found !== undefined, `There is no case ${name}`);
  return found;
}

function delegate(log: MemoryEventLog): EventLog {
  return {
    append: (event, options) => log.append(event, options),
    read: (after, options) => log.read(after, options),
    rewind: (count, options) => log.rewind(count, options),
    follow: (onBatch, options) => log.follow(onBatch, options),
    compare: (a, b) => log.compare(a, b),
  };
}
