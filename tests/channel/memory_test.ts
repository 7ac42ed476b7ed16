// Copyright 2026 the Tidings authors. MIT license.

/** The memory of the process that serves a channel, in which no other test should run. */

import { assertEquals, assertLess } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { numbers } from "../conformance/event_log_readers.ts";
import { SocketClient, startServer, until } from "./_clients.ts";

Deno.test("EventChannel holds nothing for clients that never read, and harms no other", async () => {
  const channel = new EventChannel();
  await using server = startServer((request) => channel.serve(request));
  const quick = (await SocketClient.connect(server.port)).run();
  await quick.inbox.until(() => quick.inbox.lastEventId !== "");
  const alone = await measureLatency(channel, quick);
  const stuck: SocketClient[] = [];
  // A failure would wait for ever: the server waits for its clients.
  using _ = {
    [Symbol.dispose]: () => {
      for (const client of [quick, ...stuck]) client.close();
    },
  };
  while (stuck.length < 100) {
    stuck.push(await SocketClient.connect(server.port));
  }
  await until(() => channel.size === 101);
  // 20 MB for each of the 100, of which the kernel takes a part.
  const before = Deno.memoryUsage().rss;
  const data = "x".repeat(40_000);
  for (let i = 0; i < 500; i++) {
    await channel.publish({ data });
    const { events } = quick.inbox;
    await quick.inbox.until(() => events.at(-1)?.data === data);
    events.length = 0;
  }
  const grown = Deno.memoryUsage().rss - before;
  assertLess(grown, 200_000_000, `${grown} bytes for 2 GB`);
  const together = await measureLatency(channel, quick);
  assertLess(
    together,
    5 * alone + 20,
    `${together} ms with them, ${alone} ms without`,
  );
  // One of them reads at last. It gets a beginning without a hole, and its end.
  const [first, ...others] = stuck;
  await first!.end();
  const sequences = first!.inbox.events.map(({ id }) => id!.split("-")[1]);
  assertEquals(sequences, numbers(sequences.length + 51).slice(51));
  assertEquals(channel.counters.overflows, 1);
  for (const client of others) client.close();
  await until(() => channel.size === 1);
  await channel.close();
  await quick.end();
});

/** The median of the milliseconds from `publish` to the client. */
async function measureLatency(
  channel: EventChannel,
  { inbox }: SocketClient,
): Promise<number> {
  const times: number[] = [];
  for (const data of numbers(50)) {
    const start = performance.now();
    await channel.publish({ data });
    await inbox.until(() => inbox.data.at(-1) === data);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[25]!;
}
