// Copyright 2026 the Tidings authors. MIT license.

/** What becomes of a shared connection when the tab that holds it is gone. */

import { assertEquals } from "@std/assert";
import { Random } from "../support/random.ts";
import { type Browser, browserTest } from "./_browser.ts";
import { findLeader, SharedSite, type Tab } from "./_shared_site.ts";

const ROUNDS = 20;
const TABS = 5;
const EVENTS = 1000;
const DATA = Array.from({ length: EVENTS }, (_, number) => `${number}`);
const LAST = `${EVENTS - 1}`;
const seed = Number(Deno.env.get("SEED") ?? Date.now() % 2 ** 31);

/** Publishes all events, and does three things to the leaders meanwhile. */
async function disturb(
  browser: Browser,
  site: SharedSite,
  random: Random,
): Promise<void> {
  const tabs = new Set<Tab>();
  while (tabs.size < TABS) {
    const tab = await site.open(browser);
    await tab.subscribe();
    tabs.add(tab);
  }
  const published = site.publish(0, EVENTS, 1);
  const rest = new Set(["close", "crash", "freeze"] as const);
  let frozen: Tab | undefined;
  while (rest.size > 0) {
    // Somewhere in the stream; where, the seed alone cannot say.
    await new Promise((resolve) => setTimeout(resolve, random.below(300)));
    const disturbance = random.pick([...rest]);
    rest.delete(disturbance);
    const leader = await findLeader(tabs);
    await leader.page[disturbance]();
    if (disturbance === "freeze") frozen = leader;
    tabs.delete(leader);
  }
  for (const tab of tabs) assertEquals(await tab.receive(LAST), DATA);
  await published;
  // Cannot fail: it is one of the three.
  await frozen!.page.resume();
  assertEquals(await frozen!.receive(LAST), DATA);
  assertEquals(site.connections, 1);
  for (const tab of tabs.add(frozen!)) await tab.page.close();
}

browserTest(
  `browser: each tab has each event once when the leader is closed, crashes and is frozen (SEED=${seed})`,
  async (browser) => {
    for (let round = 0; round < ROUNDS; round++) {
      await using site = new SharedSite();
      await disturb(browser, site, new Random(seed + round));
    }
  },
  // Only the DevTools protocol freezes and crashes a page.
  { browsers: ["chromium"] },
);

browserTest(
  "browser: a tab that was frozen for long gets what no other remembers from the server",
  async (browser) => {
    await using site = new SharedSite();
    const [leader, sleeper] = [
      await site.open(browser),
      await site.open(browser),
    ];
    await leader.subscribe();
    await sleeper.subscribe();
    await site.publish(0, 1);
    await sleeper.receive("0");
    await sleeper.page.freeze();
    // More than the tabs remember.
    const filling = " ".repeat(100_000);
    const data = DATA.slice(1, 31).map((number) => `${number}${filling}`);
    for (const text of data) await site.channel.publish({ data: text });
    await leader.receive(data.at(-1)!);
    await sleeper.page.resume();
    assertEquals(await sleeper.receive(data.at(-1)!), ["0", ...data]);
    await site.publish(31, 32);
    assertEquals((await sleeper.receive("31")).at(-1), "31");
    assertEquals(site.requests.length, 2);
    assertEquals(site.connections, 1);
  },
  // Only the DevTools protocol freezes and crashes a page.
  { browsers: ["chromium"] },
);

browserTest(
  "browser: the connection is taken from a tab that hangs, which is not listened to any more",
  async (browser) => {
    await using site = new SharedSite();
    const [leader, other] = [
      await site.open(browser),
      await site.open(browser),
    ];
    await leader.subscribe();
    await other.subscribe();
    await site.publish(0, 1);
    await other.receive("0");
    const hung = leader.hang();
    await site.reported("hangs");
    await site.publish(1, 20);
    // 10 to 15 seconds later.
    assertEquals(await other.receive("19"), DATA.slice(0, 20));
    site.answerHanging();
    await hung;
    await site.publish(20, 30);
    for (const tab of [leader, other]) {
      assertEquals(await tab.receive("29"), DATA.slice(0, 30));
    }
    assertEquals(await other.isLeader(), true);
    assertEquals(site.connections, 1);
  },
  // In Firefox, the pages of one site share an event loop.
  { browsers: ["chromium"] },
);

browserTest(
  "browser: a tab in the back/forward cache leaves the connection to others, and comes back",
  async (browser) => {
    await using site = new SharedSite();
    const [leader, other] = [
      await site.open(browser),
      await site.open(browser),
    ];
    await leader.subscribe();
    await other.subscribe();
    await leader.page.load(`${site.origin}/?elsewhere`);
    await site.publish(0, 10);
    assertEquals(await other.receive("9"), DATA.slice(0, 10));
    await leader.page.goBack();
    assertEquals(await leader.receive("9"), DATA.slice(0, 10));
    assertEquals(await other.isLeader(), true);
    assertEquals(site.connections, 1);
  },
  // Firefox has no back/forward cache while puppeteer drives it.
  { browsers: ["chromium"] },
);
