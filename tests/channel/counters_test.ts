// Copyright 2026 the Tidings authors. MIT license.

/** What a channel counts, whatever happens to its clients and its log. */

import { assert, assertEquals } from "@std/assert";
import { EventChannel, type EventChannelServeOptions } from "../../channel.ts";
import { MemoryEventLog } from "../../log.ts";
import type { CloseReason } from "../../server.ts";
import { RemoteLog } from "../support/remote_log.ts";
import { recordWarnings } from "../support/warnings.ts";
import { BodyClient, makeRequest, until } from "./_clients.ts";

Deno.test("EventChannel.counters begin at 0, and are a copy", async () => {
  await using channel = new EventChannel();
  const before = channel.counters;
  assertEquals(before, {
    opened: 0,
    refused: {},
    closed: {},
    delivered: 0,
    bytes: 0,
    savedBytes: 0,
    gaps: 0,
    overflows: 0,
    catchUps: 0,
    logErrors: 0,
    logRetries: 0,
    size: 0,
    live: 0,
    behind: 0,
    sinceLogFailure: undefined,
  });
  before.refused[503] = 7;
  before.closed.client = 7;
  assertEquals(channel.counters.refused, {});
  assertEquals(channel.counters.closed, {});
});

interface Ending {
  what: string;
  reason: CloseReason;
  options?: EventChannelServeOptions;
  end: (parts: {
    channel: EventChannel;
    response: Response;
    controller: AbortController;
  }) => unknown;
}

const ENDINGS: Ending[] = [
  {
    what: "its client leaves",
    reason: "client",
    end: ({ response }) => response.body!.cancel(),
  },
  {
    what: "the channel is closed",
    reason: "server",
    end: ({ channel }) => channel.close(),
  },
  {
    what: "its signal is aborted",
    reason: "server",
    end: ({ controller }) => controller.abort(),
  },
  {
    what: "it has its last event",
    reason: "source",
    options: { until: () => true },
    end: ({ channel }) => channel.publish({ data: "last" }),
  },
  {
    what: "its filter throws",
    reason: "error",
    options: {
      filter: () => {
        throw new Error("A filter that fails");
      },
    },
    end: ({ channel }) => channel.publish({ data: "any" }),
  },
  {
    what: "its topic is disconnected",
    reason: "disconnected",
    options: { topics: ["a"] },
    end: ({ channel }) => channel.disconnect("a"),
  },
];

for (const { what, reason, options, end } of ENDINGS) {
  Deno.test(`EventChannel.counters count a stream that ends since ${what}, as "${reason}"`, async () => {
    const reasons: CloseReason[] = [];
    await using channel = new EventChannel({ onError: () => {} });
    const controller = new AbortController();
    const response = channel.serve(makeRequest(), {
      ...options,
      signal: controller.signal,
      onClose: (reason) => reasons.push(reason),
    });
    const { opened, size, closed } = channel.counters;
    assertEquals([opened, size, closed], [1, 1, {}]);
    // A stream that is read: its client has come to the end of the log.
    const reader = response.body!.getReader();
    reader.read().catch(() => {});
    await until(() => channel.counters.live === 1);
    reader.releaseLock();
    await end({ channel, response, controller });
    await until(() => reasons.length === 1);
    const after = channel.counters;
    assertEquals(after.closed, { [reasons[0]!]: 1 });
    assertEquals(reasons, [reason]);
    assertEquals([after.opened, after.size, after.live], [1, 0, 0]);
    await response.body!.cancel().catch(() => {});
  });
}

Deno.test("EventChannel.counters count requests that are refused, by status", async () => {
  await using channel = new EventChannel({
    maxSubscribers: 2,
    maxSubscribersPerKey: 1,
    key: (request) => new URL(request.url).search,
  });
  const serve = (init: RequestInit = {}, search = "") =>
    channel.serve(new Request(`http://localhost/${search}`, init));
  const one = serve();
  assertEquals(serve({ method: "PUT" }).status, 405);
  assertEquals(serve({ headers: { accept: "text/html" } }).status, 406);
  assertEquals(serve().status, 429);
  const other = serve({}, "?other");
  assertEquals(serve({}, "?third").status, 503);
  assertEquals(serve({ method: "HEAD" }, "?third").status, 503);
  const { opened, refused } = channel.counters;
  assertEquals(opened, 2);
  assertEquals(refused, { 405: 1, 406: 1, 429: 1, 503: 2 });
  for (const { body } of [one, other]) await body?.cancel();
  // HEAD is no client, and is not refused.
  assertEquals(serve({ method: "HEAD" }).status, 200);
  await channel.close({ status: 204 });
  // 204 refuses nobody.
  assertEquals(serve().status, 204);
  assertEquals(channel.counters.opened, 2);
  assertEquals(channel.counters.refused, { 405: 1, 406: 1, 429: 1, 503: 2 });
});

Deno.test("EventChannel.counters tell clients that are live from those that are behind", async () => {
  await using channel = new EventChannel();
  await using live = new BodyClient(channel.serve(makeRequest())).run();
  await channel.publish({ data: "a" });
  await live.inbox.untilEvents(1);
  // It never reads.
  await using slow = new BodyClient(channel.serve(makeRequest()));
  const { size, live: count, behind } = channel.counters;
  assertEquals([size, count, behind], [2, 1, 1]);
  await slow.read();
});

Deno.test("EventChannel.counters count what is read from the log for clients, and its failures", async () => {
  using recorder = recordWarnings();
  const log = new RemoteLog();
  await using channel = new EventChannel({ log, liveSegmentBytes: 0 });
  const start = await log.rewind(0);
  for (const data of ["a", "b"]) await channel.publish({ data });
  assertEquals(channel.counters.catchUps, 0);
  await using client = new BodyClient(channel.serve(makeRequest(start))).run();
  await client.inbox.untilEvents(2);
  const { catchUps } = channel.counters;
  assert(catchUps >= 1 && catchUps <= 2, `${catchUps}`);

  assertEquals(channel.counters.logErrors, 0);
  log.down.add("follow");
  await until(() => channel.counters.logErrors >= 2);
  const { logErrors, logRetries, sinceLogFailure } = channel.counters;
  assertEquals(logRetries, logErrors);
  assert(sinceLogFailure !== undefined && sinceLogFailure >= 0);
  log.down.clear();
  await until(() => channel.stalled === undefined);
  // It is history now, and still known.
  assert(channel.counters.sinceLogFailure !== undefined);
  assertEquals(recorder.codes, ["TIDINGS_LOG"]);

  log.down.add("read");
  const before = channel.counters;
  await channel.cursor().catch(() => {});
  const after = channel.counters;
  assertEquals(after.logRetries, before.logRetries);
  log.down.clear();
});

Deno.test("EventChannel.counters of channels that share a log are their own", async () => {
  const log = new MemoryEventLog();
  await using one = new EventChannel({ log });
  await using other = new EventChannel({ log });
  await using client = new BodyClient(one.serve(makeRequest())).run();
  await other.publish({ data: "a" });
  await client.inbox.untilEvents(1);
  assertEquals([one.counters.delivered, other.counters.delivered], [1, 0]);
  assertEquals([one.counters.opened, other.counters.opened], [1, 0]);
});
