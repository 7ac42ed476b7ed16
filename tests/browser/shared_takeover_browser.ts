// Copyright 2026 the Tidings authors. MIT license.

/** What becomes of a shared connection when the tab that holds it is gone. */

import { assertEquals } from "@std/assert";
import { Random } from "../_random.ts";
import { browserTest, type Chromium } from "./_chromium.ts";
import { findHolder, SharedSite, type Tab } from "./_shared_site.ts";

const ROUNDS = 20;
const TABS = 5;
const EVENTS = 1000;
const DATA = Array.from({ length: EVENTS }, (_, number) => `${number}`);
const LAST = `${EVENTS - 1}`;
const seed = Number(Deno.env.get("SEED") ?? Date.now() % 2 ** 31);

/** Publishes all events, and does three things to the holders meanwhile. */
async function disturb(
  chromium: Chromium,
  site: SharedSite,
  random: Random,
): Promise<void> {
  const tabs = new Set<Tab>();
  while (tabs.size < TABS) {
    const tab = await site.open(chromium);
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
    const holder = await findHolder(tabs);
    await holder.page[disturbance]();
    if (disturbance === "freeze") frozen = holder;
    tabs.delete(holder);
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
  `browser: each tab has each event once when the holder is closed, crashes and is frozen (SEED=${seed})`,
  async (chromium) => {
    for (let round = 0; round < ROUNDS; round++) {
      await using site = new SharedSite();
      await disturb(chromium, site, new Random(seed + round));
    }
  },
);
