// Copyright 2026 the Tidings authors. MIT license.

/** The `EventSource` of a real browser as a client of our channel. */

import { assert, assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { MemoryEventLog } from "../../log.ts";
import { within } from "../support/within.ts";
import { browserTest, type Page } from "./_browser.ts";
import { type Handler, withPage } from "./_page.ts";

type Received = { type: string; data: string; lastEventId: string };

function serve(
  port: number,
  handler: Handler,
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { port, hostname: "127.0.0.1", onListen() {} },
    withPage(handler),
  );
}

/** Subscribes the page to `/events` and waits until it is connected. */
function subscribe(page: Page): Promise<void> {
  return page.run(async (path) => {
    const source = new EventSource(path);
    const received: Received[] = [];
    const keep = ({ type, data, lastEventId }: MessageEvent) =>
      received.push({ type, data, lastEventId });
    for (const type of ["message", "tick", "gap"]) {
      source.addEventListener(type, keep);
    }
    Object.assign(globalThis, { source, received });
    await new Promise((resolve) => source.onopen = resolve);
  }, "/events");
}

/** Waits until the page has received so many events, and gives all of them. */
function receive(page: Page, count: number): Promise<Received[]> {
  return page.run(async (count) => {
    const received: Received[] = Reflect.get(globalThis, "received");
    while (received.length < count) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return received;
  }, count);
}

/** Closes the subscription of the page. */
function unsubscribe(page: Page): Promise<void> {
  return page.run(() => {
    const source: EventSource = Reflect.get(globalThis, "source");
    source.close();
  }, null);
}

browserTest(
  "browser: EventSource receives what is published in a channel",
  async (browser) => {
    await using channel = new EventChannel();
    const server = serve(0, (request) => channel.serve(request));
    const page = await browser.open(`http://127.0.0.1:${server.addr.port}/`);
    await subscribe(page);
    const first = await channel.publish({ data: "a\nb" });
    const second = await channel.publish({ event: "tick", data: "" });
    assertEquals(await receive(page, 2), [
      { type: "message", data: "a\nb", lastEventId: first },
      { type: "tick", data: "", lastEventId: second },
    ]);
    await unsubscribe(page);
    await within("shutdown()", server.shutdown());
  },
);

browserTest(
  "browser: EventSource receives each event once over two lives of a server with one log",
  async (browser) => {
    const log = new MemoryEventLog();
    const ids: string[] = [];
    const publish = async (channel: EventChannel) => {
      ids.push(await channel.publish({ data: `${ids.length}` }));
    };

    const channel = new EventChannel({ log });
    const server = serve(0, (request) => channel.serve(request));
    const { port } = server.addr;
    const page = await browser.open(`http://127.0.0.1:${port}/`);
    await subscribe(page);
    for (let count = 0; count < 5; count++) await publish(channel);
    const isDown = server.shutdown();
    await channel.close({ retry: 10 });
    await within("shutdown()", isDown);

    await using nextChannel = new EventChannel({ log });
    for (let count = 0; count < 5; count++) await publish(nextChannel);
    const nextServer = serve(port, (request) => nextChannel.serve(request));
    const missed = await receive(page, 10);
    for (let count = 0; count < 5; count++) await publish(nextChannel);
    assertEquals(missed.length, 10);
    const received = await receive(page, 15);
    assertEquals(
      received,
      ids.map((lastEventId, index) => ({
        type: "message",
        data: `${index}`,
        lastEventId,
      })),
    );
    await unsubscribe(page);
    await within("shutdown()", nextServer.shutdown());
  },
);

browserTest(
  "browser: EventSource is told of the gap when a server comes back without its history",
  async (browser) => {
    const channel = new EventChannel();
    const server = serve(0, (request) => channel.serve(request));
    const { port } = server.addr;
    const page = await browser.open(`http://127.0.0.1:${port}/`);
    await subscribe(page);
    const lastEventId = await channel.publish({ data: "seen" });
    await receive(page, 1);
    const isDown = server.shutdown();
    await channel.close({ retry: 10 });
    await within("shutdown()", isDown);

    await using nextChannel = new EventChannel();
    const nextServer = serve(port, (request) => nextChannel.serve(request));
    const [seen, gap] = await receive(page, 2);
    assertEquals(seen?.data, "seen");
    assert(gap !== undefined);
    assertEquals(gap.type, "gap");
    assertEquals(JSON.parse(gap.data), { lastEventId });
    await unsubscribe(page);
    await within("shutdown()", nextServer.shutdown());
  },
);
