// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals } from "@std/assert";
import { KeepAliveSchedule } from "../../_channel/keep_alive_schedule.ts";
import { FakeIntervals } from "../support/fake_time.ts";
import { checkProperty, type Random } from "../support/random.ts";

/** A client that sends a comment when it has sent nothing since its last visit. */
class Client {
  lastWrite = performance.now();
  longestSilence = 0;
  #hasWritten = true;

  write(): void {
    const now = performance.now();
    this.longestSilence = Math.max(this.longestSilence, now - this.lastWrite);
    this.lastWrite = now;
    this.#hasWritten = true;
  }

  visit(): void {
    const isSilent = !this.#hasWritten;
    this.#hasWritten = false;
    if (isSilent) this.write();
  }
}

const KEEP_ALIVE = 15_000;

function makeSchedule(): KeepAliveSchedule<Client> {
  return new KeepAliveSchedule<Client>(KEEP_ALIVE, (client) => client.visit());
}

function end(schedule: KeepAliveSchedule<Client>): void {
  for (const client of [...schedule]) schedule.remove(client);
}

for (const count of [1, 256, 257, 1000, 20_000]) {
  Deno.test(`KeepAliveSchedule lets none of ${count} clients be silent for longer than keepAlive, whenever it wrote`, () => {
    const random = { value: 1 };
    using time = new FakeIntervals(() => (random.value++ * 7 % 10) / 10);
    const schedule = makeSchedule();
    const clients = Array.from({ length: count }, () => new Client());
    for (const client of clients) schedule.add(client);
    for (let turn = 0; turn < 200; turn++) {
      time.pass(299);
      // Others write at other times. The last ones are visited last in each tick.
      clients[turn % count]?.write();
      clients[count - 1 - turn % Math.min(count, 200)]?.write();
    }
    // So that a silence that goes on counts as well.
    for (const client of clients) client.write();
    const longest = Math.max(...clients.map((client) => client.longestSilence));
    assert(longest <= KEEP_ALIVE, `${longest} ms`);
    // Comments to a silent client are not far more than they have to be.
    if (count > 1) assert(longest > KEEP_ALIVE * 0.9, `${longest} ms`);
    end(schedule);
    assertEquals(time.timers.size, 0);
  });
}

Deno.test("KeepAliveSchedule lets no client be silent for longer than keepAlive, whoever comes and leaves", () => {
  checkProperty(20, (random: Random) => {
    using time = new FakeIntervals();
    const schedule = makeSchedule();
    const all: Client[] = [];
    let present: Client[] = [];
    for (let turn = 0; turn < 60; turn++) {
      const coming = random.pick([0, 0, 10, 300, 3000]);
      for (let i = 0; i < coming; i++) {
        const client = new Client();
        schedule.add(client);
        present.push(client);
        all.push(client);
      }
      // Sometimes all but a few leave at once, from anywhere.
      const stay = random.pick([1, 1, 1, 0.9, 0.5, 0.1]);
      const begin = random.below(Math.floor(present.length * (1 - stay)) + 1);
      const left = present.slice(
        begin,
        begin + Math.ceil(present.length * stay),
      );
      const kept = new Set(left);
      for (const client of present) {
        if (kept.has(client)) continue;
        client.write();
        schedule.remove(client);
      }
      present = left;
      time.pass(random.pick([0, 100, 3000, 10_000, 40_000]));
    }
    for (const client of present) client.write();
    const longest = all.reduce(
      (most, { longestSilence }) => Math.max(most, longestSilence),
      0,
    );
    assert(longest <= KEEP_ALIVE + 1e-6, `${longest} ms`);
    end(schedule);
  });
});

Deno.test("KeepAliveSchedule visits a few hundred at a time, over the whole interval", () => {
  using time = new FakeIntervals();
  const perTime = new Map<number, number>();
  const schedule = new KeepAliveSchedule<object>(1000, () => {
    perTime.set(time.now, (perTime.get(time.now) ?? 0) + 1);
  });
  const members = Array.from({ length: 5000 }, () => ({}));
  for (const member of members) schedule.add(member);
  time.pass(950);
  assertEquals(Math.max(...perTime.values()), 256);
  const times = [...perTime.keys()];
  assert(Math.max(...times) - Math.min(...times) > 400, `${times}`);
  for (const member of members) schedule.remove(member);
  assertEquals(time.timers.size, 0);
});
