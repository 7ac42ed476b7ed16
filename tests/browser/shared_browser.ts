// Copyright 2026 the Tidings authors. MIT license.

/** Who shares a connection in a real browser, and what that is good for. */

import { assertEquals } from "@std/assert";
import { browserTest } from "./_chromium.ts";
import { SharedSite, type Tab } from "./_shared_site.ts";

/** Whether a tab gets an answer in the time that it takes to be annoyed. */
function isAnswered({ page }: Tab): Promise<boolean> {
  return page.run(
    () =>
      fetch("/page.js", {
        cache: "no-store",
        signal: AbortSignal.timeout(2000),
      })
        .then(({ ok }) => ok, () => false),
    null,
  );
}

browserTest(
  "browser: 20 tabs of SharedEventSource take one connection, and 20 of EventSource all there are",
  async (chromium) => {
    await using site = new SharedSite();
    const tabs: Tab[] = [];
    for (let i = 0; i < 20; i++) tabs.push(await site.open(chromium));

    for (const tab of tabs) await tab.subscribe();
    assertEquals(site.connections, 1);
    assertEquals(site.requests.length, 1);
    assertEquals(
      await Promise.all(tabs.map(isAnswered)),
      tabs.map(() => true),
    );
    await site.publish(0, 3);
    for (const tab of tabs) {
      assertEquals(await tab.receive("2"), ["0", "1", "2"]);
    }
    for (const tab of tabs) await tab.unsubscribe();

    for (const tab of tabs) {
      tab.subscribe("native").catch(() => {});
    }
    while (site.connections < 6) await new Promise((r) => setTimeout(r, 10));
    assertEquals(
      await Promise.all(tabs.map(isAnswered)),
      tabs.map(() => false),
    );
    assertEquals(site.connections, 6);
  },
);
