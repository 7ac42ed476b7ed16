// Copyright 2026 the Tidings authors. MIT license.

/** What runs count of their readers. */

import { assertEquals } from "@std/assert";
import { EventRuns } from "../../runs/mod.ts";
import { Faucet, readRun, runRequest, until } from "./_fixture.ts";

Deno.test("EventRuns.counters sum up the readers of all runs, and go on after them", async () => {
  await using runs = new EventRuns();
  assertEquals(runs.counters.opened, 0);
  const faucets = { a: new Faucet(), b: new Faucet() };
  for (const [id, faucet] of Object.entries(faucets)) {
    await runs.start(id, faucet.open);
    faucet.give("1");
  }
  {
    await using one = await readRun(runs, "a");
    await using other = await readRun(runs, "b");
    for (const { inbox } of [one, other]) await inbox.untilEvents(1);
    await until(() => runs.counters.live === 2);
    const { opened, size, delivered, closed } = runs.counters;
    assertEquals([opened, size, closed], [2, 2, {}]);
    faucets.a.give("2");
    await one.inbox.untilEvents(2);
    assertEquals(runs.counters.delivered, delivered + 1);
    faucets.a.end();
    await one.end();
    await until(() => runs.counters.size === 1);
    assertEquals(runs.counters.closed, { source: 1 });
  }
  await until(() => runs.counters.size === 0);
  const { opened, closed, bytes } = runs.counters;
  assertEquals([opened, closed], [2, { source: 1, client: 1 }]);
  assertEquals(bytes > 0, true);
  faucets.b.end();
});

Deno.test("EventRuns.counters count requests that are refused, by status", async () => {
  const runs = new EventRuns();
  assertEquals((await runs.serve("unknown", runRequest())).status, 404);
  assertEquals((await runs.serve("\ud800", runRequest())).status, 404);
  const put = new Request("http://localhost/", { method: "PUT" });
  assertEquals((await runs.serve("unknown", put)).status, 405);
  await runs.close();
  assertEquals((await runs.serve("unknown", runRequest())).status, 503);
  assertEquals(runs.counters.refused, { 404: 2, 405: 1, 503: 1 });
  assertEquals(runs.counters.opened, 0);
});
