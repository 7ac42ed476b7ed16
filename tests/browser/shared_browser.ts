// Copyright 2026 the Tidings authors. MIT license.

/** Who shares a connection in a real browser, and what that is good for. */

import { assertEquals } from "@std/assert";
import { browserTest } from "./_browser.ts";
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
  async (browser) => {
    await using site = new SharedSite();
    const tabs: Tab[] = [];
    for (let i = 0; i < 20; i++) tabs.push(await site.open(browser));

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

browserTest(
  "browser: a worker and a page share a connection, and a frame of another origin does not",
  async (browser) => {
    await using site = new SharedSite();
    const tab = await site.open(browser);
    await tab.subscribe();
    await tab.add("worker", "/worker?events=/events");
    await site.reported("/worker is open");
    assertEquals(site.connections, 1);
    // A frame of the page's own origin is one more tab.
    await tab.add("frame", "/frame?events=/events");
    await site.reported("/frame is open");
    assertEquals(site.connections, 1);
    site.reports.clear();

    const other = `http://localhost:${new URL(site.origin).port}`;
    await tab.add("frame", `${other}/frame?events=${site.origin}/events`);
    await site.reported("/frame is open");
    assertEquals(site.connections, 2);
    await site.publish(0, 1);
    await site.reported("/worker has 0", "/frame has 0");
    assertEquals(await tab.receive("0"), ["0"]);
  },
);

browserTest(
  "browser: two keys have two connections",
  async (browser) => {
    await using site = new SharedSite();
    const tabs: Tab[] = [];
    for (const key of ["ada", "eve", "ada", "eve"]) {
      const tab = await site.open(browser);
      await tab.subscribe({ key });
      tabs.push(tab);
    }
    assertEquals(site.connections, 2);
    await site.publish(0, 1);
    for (const tab of tabs) assertEquals(await tab.receive("0"), ["0"]);
  },
);

browserTest(
  "browser: a sandboxed frame, which has no origin, has a connection of its own",
  async (browser) => {
    await using site = new SharedSite();
    const tab = await site.open(browser);
    await tab.subscribe();
    await tab.add("sandbox", `/frame?events=${site.origin}/events`);
    await site.reported("/frame is open");
    assertEquals(site.connections, 2);
  },
);
