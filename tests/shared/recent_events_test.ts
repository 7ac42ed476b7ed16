// Copyright 2026 the Tidings authors. MIT license.

/** How many of the last events a tab keeps for the others. */

import { assert, assertEquals } from "@std/assert";
import { NEW, RecentEvents } from "../../shared/_recent_events.ts";

/** UTF-16 code units that SECURITY.md promises at the most. */
const MOST = 1_048_576;

const rows: { name: string; event: string; data: string; id: boolean }[] = [
  {
    name: "large events",
    event: "message",
    data: "x".repeat(10_000),
    id: true,
  },
  { name: "events without data", event: "e", data: "", id: false },
  { name: "long types", event: "t".repeat(10_000), data: "x", id: true },
];

for (const { name, event, data, id } of rows) {
  Deno.test(`RecentEvents drops the oldest beyond its size: ${name}`, () => {
    const recent = new RecentEvents("");
    // Events without text count as well: three million of them would be dear.
    const count = 3 * MOST / Math.max(event.length + data.length, 100);
    for (let i = 0; i < count; i++) {
      const lastEventId = id ? `${i}` : "";
      recent.push({
        event,
        data,
        id: id ? lastEventId : undefined,
        lastEventId,
      });
    }
    const kept = recent.events.reduce(
      (sum, { event, data, lastEventId }) =>
        sum + event.length + data.length + lastEventId.length,
      0,
    );
    assert(kept <= MOST, `${kept} code units`);
    assert(
      recent.events.length <= MOST / 100,
      `${recent.events.length} events`,
    );
    // It is no less than the promise either, but for what an event counts by itself.
    assert(recent.events.length > count / 4, `${recent.events.length} events`);
    // Those that are left are the last, and the numbers are as if all were there.
    assertEquals(recent.next, NEW + Math.ceil(count));
    assertEquals(recent.since(recent.next - 1).events.length, 1);
    if (!id) return;
    assertEquals(recent.events.at(-1)?.id, `${Math.ceil(count) - 1}`);
    assertEquals(recent.after("0"), undefined);
  });
}

Deno.test("RecentEvents has its whole size again once it was moved elsewhere", () => {
  const recent = new RecentEvents("");
  const event = { event: "message", data: "x".repeat(400_000) };
  recent.push({ ...event, id: "a", lastEventId: "a" });
  recent.push({ ...event, id: "b", lastEventId: "b" });
  recent.moveTo(100, "c");
  assertEquals(recent.events, []);
  assertEquals(recent.after("c"), []);
  recent.push({ ...event, id: "d", lastEventId: "d" });
  recent.push({ ...event, id: "e", lastEventId: "e" });
  assertEquals(recent.events.map(({ id }) => id), ["d", "e"]);
  assertEquals(recent.after("d")?.map(({ id }) => id), ["e"]);
});
