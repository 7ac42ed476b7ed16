// Copyright 2026 the Tidings authors. MIT license.

/** The connection on which an engine tells of changes: who needs it, and when it is lost. */

import { assertEquals } from "@std/assert";
import { type Feed, Listener } from "../../logs/_engine/listener.ts";
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
