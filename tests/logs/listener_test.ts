// Copyright 2026 the Tidings authors. MIT license.

/** The connection on which an engine tells of changes: who needs it, and when it is lost. */

import { assert, assertEquals } from "@std/assert";
import { type Feed, Listener } from "../../logs/_engine/listener.ts";
import { FakeTime } from "../support/fake_time.ts";
import { recordWarnings } from "../support/warnings.ts";
import { within } from "../support/within.ts";

/** A feed that counts its connections; `lose` loses the last one. */
class TestFeed implements Feed {
  opened = 0;
  closed = 0;
  lose: () => void = () => {};

  listen(
    _onNotify: (payload: string) => void,
    onLost: () => void,
  ): Promise<() => unknown> {
    this.opened++;
    this.lose = onLost;
    return Promise.resolve(() => this.closed++);
  }

  send(): Promise<unknown> {
    return Promise.resolve();
  }
}

/** Makes a listener, and a promise of the next time that notifications begin or cease. */
function listenTo(feed: Feed): { listener: Listener; next(): Promise<void> } {
  let tell = (): void => {};
  const listener = new Listener(feed, () => tell());
  const next = (): Promise<void> =>
    within("a change", new Promise<void>((resolve) => tell = resolve));
  return { listener, next };
}

Deno.test("Listener opens one connection, and closes it once it is not needed", async () => {
  const feed = new TestFeed();
  const { listener, next } = listenTo(feed);
  const heard = next();
  listener.start();
  listener.start();
  await heard;
  assertEquals([listener.isHeard, feed.opened, feed.closed], [true, 1, 0]);
  await within("the stop", listener.stop());
  assertEquals([listener.isHeard, feed.opened, feed.closed], [false, 1, 1]);
});

Deno.test("Listener keeps no follower that ends while another one begins", async () => {
  const feed = new TestFeed();
  const { listener, next } = listenTo(feed);
  const heard = next();
  listener.start();
  await heard;
  const stopped = listener.stop();
  listener.start();
  await within("the stop", stopped);
  assertEquals([listener.isHeard, feed.opened, feed.closed], [true, 1, 0]);
  await within("the stop", listener.stop());
  assertEquals([feed.opened, feed.closed], [1, 1]);
});

Deno.test("Listener opens another connection in the place of one that is lost", async () => {
  const feed = new TestFeed();
  const { listener, next } = listenTo(feed);
  const heard = next();
  listener.start();
  await heard;
  const lost = next();
  feed.lose();
  await lost;
  assertEquals(listener.isHeard, false);
  await next();
  assertEquals([listener.isHeard, feed.opened, feed.closed], [true, 2, 1]);
  await within("the stop", listener.stop());
  assertEquals([feed.opened, feed.closed], [2, 2]);
});

Deno.test("Listener takes what a client tells late of a lost connection for none of the next one", async () => {
  const feed = new TestFeed();
  const { listener, next } = listenTo(feed);
  const heard = next();
  listener.start();
  await heard;
  const tellLost = feed.lose;
  const lost = next();
  tellLost();
  await lost;
  await next();
  for (let twice = 0; twice < 2; twice++) {
    tellLost();
    for (let i = 0; i < 10; i++) await Promise.resolve();
  }
  assertEquals([listener.isHeard, feed.opened, feed.closed], [true, 2, 1]);
  await within("the stop", listener.stop());
});

Deno.test("Listener tries ever less often where each connection is lost at once, and warns once", async () => {
  using time = new FakeTime();
  using recorder = recordWarnings();
  const feed = new TestFeed();
  const { listener } = listenTo({
    listen: (onNotify, onLost) => {
      queueMicrotask(onLost);
      return feed.listen(onNotify, onLost);
    },
    send: () => feed.send(),
  });
  listener.start();
  for (let passed = 0; passed < 120_000; passed += 50) {
    time.pass(50);
    for (let i = 0; i < 50; i++) await Promise.resolve();
  }
  assertEquals(feed.closed, feed.opened);
  assert(feed.opened > 100 && feed.opened < 400, `${feed.opened}`);
  assertEquals(recorder.codes, ["TIDINGS_LOG"]);
  listener.stop();
});

Deno.test("Listener takes a connection that was not needed for long for no failure", async () => {
  using time = new FakeTime();
  using recorder = recordWarnings();
  let opened = 0;
  const { listener } = listenTo({
    listen: () => {
      opened++;
      // Closing takes a while, as on a network.
      return Promise.resolve(() =>
        new Promise<void>((resolve) => setTimeout(resolve, 20))
      );
    },
    send: () => Promise.resolve(),
  });
  const pass = async (milliseconds: number): Promise<void> => {
    for (let passed = 0; passed < milliseconds; passed += 10) {
      time.pass(10);
      for (let i = 0; i < 50; i++) await Promise.resolve();
    }
  };
  listener.start();
  for (let round = 1; round <= 30; round++) {
    await pass(150);
    assertEquals([opened, listener.isHeard], [round, true]);
    const stopped = listener.stop();
    await pass(10);
    // Another follower comes before it is closed.
    listener.start();
    await stopped;
  }
  assertEquals(recorder.codes, []);
  const stopped = listener.stop();
  await pass(200);
  await stopped;
});

Deno.test("Listener sends one notification of its own a minute, however often followers begin and end", async () => {
  using time = new FakeTime();
  const feed = new TestFeed();
  let sent = 0;
  const { listener } = listenTo({
    listen: (onNotify, onLost) => feed.listen(onNotify, onLost),
    // It does not come back.
    send: () => {
      sent++;
      return Promise.resolve();
    },
  });
  const seen: [sent: number, opened: number][] = [];
  listener.start();
  for (let seconds = 1; seconds <= 140; seconds++) {
    time.pass(1000);
    listener.stop();
    listener.start();
    for (let i = 0; i < 20; i++) await Promise.resolve();
    if (seconds % 50 === 0) seen.push([sent, feed.opened]);
  }
  // The connection is lost when it should have come back.
  assertEquals([...seen, [sent, feed.opened]], [[0, 1], [1, 1], [1, 2]]);
  await listener.stop();
  assertEquals([sent, feed.closed], [1, 2]);
});

/**
 * What becomes of the notification of its own that a listener sends each minute. A connection
 * that never gives one, as through a pooler, is silent: followers do not wait for it.
 */
const BEATS: [
  what: string,
  send: (payload: string, onNotify: (payload: string) => void) => Promise<void>,
  isLost: boolean,
  isSilent?: boolean,
][] = [
  ["comes back", (payload, onNotify) => {
    onNotify(payload);
    return Promise.resolve();
  }, false],
  ["comes back late", (payload, onNotify) => {
    setTimeout(() => onNotify(payload), 30_000);
    return Promise.resolve();
  }, false],
  ["cannot be sent", () => Promise.reject(new Error("no server")), false],
  ["is sent and lost", () => Promise.resolve(), true, true],
  ["is never answered", () => new Promise(() => {}), true],
  [
    "comes back as another",
    (_, onNotify) => {
      onNotify("news");
      return Promise.resolve();
    },
    true,
    true,
  ],
];
for (const [what, send, isLost, isSilent = false] of BEATS) {
  const verb = isLost ? "opens another connection" : "keeps its connection";
  Deno.test(`Listener ${verb} if a notification of its own ${what}`, async () => {
    using time = new FakeTime();
    using recorder = recordWarnings();
    let opened = 0;
    let closed = 0;
    let hear: (payload: string) => void = () => {};
    const listener = new Listener({
      listen: (onNotify) => {
        opened++;
        hear = onNotify;
        return Promise.resolve(() => closed++);
      },
      send: (payload) => send(payload, (heard) => hear(heard)),
    }, () => {});
    listener.start();
    for (let passed = 0; passed < 590_000; passed += 200) {
      time.pass(200);
      for (let i = 0; i < 20; i++) await Promise.resolve();
    }
    // It takes two minutes to find out.
    const expected = isLost ? 5 : 1;
    assertEquals([opened, closed], [expected, expected - 1]);
    assertEquals(listener.isHeard, !isSilent);
    assertEquals(recorder.codes, isSilent ? ["TIDINGS_LOG"] : []);
    await listener.stop();
  });
}

Deno.test("Listener hears again once a notification of its own comes back", async () => {
  using time = new FakeTime();
  using recorder = recordWarnings();
  let isConnected = false;
  let hear: (payload: string) => void = () => {};
  const listener = new Listener({
    listen: (onNotify) => {
      hear = onNotify;
      return Promise.resolve(() => {});
    },
    send: (payload) => {
      if (isConnected) hear(payload);
      return Promise.resolve();
    },
  }, () => {});
  const pass = async (milliseconds: number): Promise<void> => {
    for (let passed = 0; passed < milliseconds; passed += 200) {
      time.pass(200);
      for (let i = 0; i < 20; i++) await Promise.resolve();
    }
  };
  listener.start();
  await pass(130_000);
  assertEquals(listener.isHeard, false);
  isConnected = true;
  await pass(70_000);
  assertEquals(listener.isHeard, true);
  // It is lost without a word, as behind a proxy: another connection is heard at once.
  isConnected = false;
  await pass(130_000);
  assertEquals([listener.isHeard, recorder.codes], [true, ["TIDINGS_LOG"]]);
  await listener.stop();
});
