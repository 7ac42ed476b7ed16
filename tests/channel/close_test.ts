// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { BodyClient, makeRequest } from "./_clients.ts";

Deno.test("EventChannel.close() ends the streams after what was published", async () => {
  const channel = new EventChannel();
  const client = new BodyClient(channel.serve(makeRequest()));
  await client.read();
  client.run();
  for (const data of ["a", "b"]) channel.publish({ data });
  await channel.close();
  await client.end();
  assertEquals(client.inbox.data, ["a", "b"]);
  assertEquals(channel.size, 0);
});

Deno.test("EventChannel.close() tells each client a reconnection time of its own", async () => {
  const channel = new EventChannel({ retry: 77 });
  const clients = Array.from(
    { length: 50 },
    () => new BodyClient(channel.serve(makeRequest())).run(),
  );
  await channel.close({ retry: 10_000 });
  const times = new Set<number>();
  for (const client of clients) {
    await client.end();
    const time = client.inbox.reconnectionTime!;
    assert(time >= 10_000 && time <= 20_000, `It is ${time}`);
    times.add(time);
  }
  assert(times.size > 40, `${times.size} times`);
});

Deno.test("EventChannel.close() tells no reconnection time that timers cannot hold", async () => {
  const channel = new EventChannel();
  const response = channel.serve(makeRequest());
  await channel.close({ retry: 2 ** 31 - 1 });
  assertEquals(await response.text(), "retry: 2147483647\n\n");
});

Deno.test("EventChannel.close() refuses later requests with 503", async () => {
  const channel = new EventChannel();
  await channel.close({ retry: 3000 });
  const response = channel.serve(makeRequest(), {
    cors: {},
    headers: { "x-served-by": "me" },
  });
  assertEquals(response.status, 503);
  const retryAfter = Number(response.headers.get("retry-after"));
  assert(retryAfter >= 3 && retryAfter <= 6, `It is ${retryAfter}`);
  assertEquals(response.headers.get("access-control-allow-origin"), "*");
  assertEquals(response.headers.get("x-served-by"), "me");
});

Deno.test("EventChannel.close() stops later clients with 204 if it is told to", async () => {
  const channel = new EventChannel();
  await channel.close({ status: 204 });
  const { status, headers } = channel.serve(makeRequest());
  assertEquals(status, 204);
  assertEquals(headers.has("retry-after"), false);
});

Deno.test("EventChannel.close() can be called again", async () => {
  const channel = new EventChannel();
  const first = channel.close({ status: 204 });
  await channel.close({ status: 503 });
  await first;
  await channel[Symbol.asyncDispose]();
  assertEquals(channel.serve(makeRequest()).status, 204);
});

Deno.test("EventChannel.close() makes publish() reject", async () => {
  const channel = new EventChannel();
  await channel.close();
  await assertRejects(
    () => channel.publish({ data: "a" }),
    Error,
    "Cannot publish event: the channel is closed",
  );
});

Deno.test("EventChannel.close() ends a replay, which another channel takes up", async () => {
  await using other = new EventChannel();
  const channel = new EventChannel({ liveSegmentBytes: 0 });
  const ids: string[] = [];
  for (let i = 0; i < 2000; i++) {
    ids.push(await channel.publish({ data: "x".repeat(100), id: i }));
    await other.publish({ data: "x".repeat(100), id: i });
  }
  const client = new BodyClient(channel.serve(makeRequest("0")));
  await client.read();
  await channel.close();
  await client.end();
  const { lastEventId, events } = client.inbox;
  assert(events.length > 0 && events.length < 1999);
  await using rest = new BodyClient(
    other.serve(makeRequest(lastEventId)),
  ).run();
  await rest.inbox.untilEvents(1999 - events.length);
  assertEquals(
    [...events, ...rest.inbox.events].map((event) => event.id),
    ids.slice(1),
  );
});

Deno.test("EventChannel.close() throws RangeError for options outside their range", async () => {
  await using channel = new EventChannel();
  assertThrows(() => channel.close({ retry: -1 }), RangeError);
  assertThrows(() => channel.close({ retry: 1.5 }), RangeError);
  assertThrows(
    () => channel.close({ status: 200 as 204 }),
    RangeError,
    'Cannot close event channel: expected "status" to be 204 or 503, got 200',
  );
  const client = new BodyClient(channel.serve(makeRequest()));
  await client.read();
  assertEquals(channel.size, 1);
});

Deno.test("EventChannel refuses clients beyond maxSubscribers with 503", async () => {
  await using channel = new EventChannel({ maxSubscribers: 2, retry: 1500 });
  const first = channel.serve(makeRequest());
  const second = channel.serve(makeRequest());
  const third = channel.serve(makeRequest());
  assertEquals([first.status, second.status, third.status], [200, 200, 503]);
  assertEquals(third.headers.get("retry-after"), "2");
  assertEquals(channel.size, 2);
  await first.body?.cancel();
  assertEquals(channel.serve(makeRequest()).status, 200);
});

Deno.test("EventChannel refuses clients beyond maxSubscribersPerKey with 429", async () => {
  await using channel = new EventChannel({
    maxSubscribersPerKey: 1,
    key: (request) => request.headers.get("x-user") ?? "",
  });
  const reasons: string[] = [];
  const serve = (user: string) =>
    channel.serve(
      new Request("http://localhost/", { headers: { "x-user": user } }),
      { onClose: (reason) => reasons.push(reason) },
    );
  const ada = serve("ada");
  assertEquals(serve("bob").status, 200);
  const refused = serve("ada");
  assertEquals(refused.status, 429);
  assertEquals(refused.headers.get("retry-after"), "5");
  await ada.body?.cancel();
  assertEquals(reasons, ["client"]);
  assertEquals(serve("ada").status, 200);
  assertEquals(serve("ada").status, 429);
});

Deno.test("EventChannel throws RangeError for options outside their range", () => {
  const rows = [
    { liveSegmentBytes: -1 },
    { keepAlive: -1 },
    { keepAlive: 2 ** 31 },
    { keepAlive: NaN },
    { retry: 1.5 },
    { retry: 2 ** 31 },
    { maxSubscribers: 0.5 },
    { maxSubscribersPerKey: -1 },
  ];
  for (const options of rows) {
    assertThrows(
      () => new EventChannel(options),
      RangeError,
      `Cannot make event channel: expected "${Object.keys(options)[0]}" to be `,
    );
  }
});

Deno.test("EventChannel throws TypeError for a number that is none", () => {
  assertThrows(
    () => new EventChannel({ keepAlive: "15" as unknown as number }),
    TypeError,
    'Cannot make event channel: expected "keepAlive" to be a number from 0 to 2147483647, got "15"',
  );
});

Deno.test("EventChannel.serve() throws before it counts a client", async () => {
  await using channel = new EventChannel({ key: () => "key" });
  assertThrows(
    () => channel.serve(makeRequest(), { replay: -1 }),
    RangeError,
    'Cannot serve event channel: expected "replay" to be an integer of at least 0, or Infinity, got -1',
  );
  assertThrows(
    () => channel.serve(makeRequest(), { replay: "some" as "all" }),
    TypeError,
  );
  assertThrows(
    () => channel.serve(makeRequest(), { headers: { connection: "close" } }),
    TypeError,
  );
  assertEquals(channel.size, 0);
});
