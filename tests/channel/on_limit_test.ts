// Copyright 2026 the Tidings authors. MIT license.

/** What `onLimit` does with a client beyond the limit of its key. */

import { assertEquals, assertThrows } from "@std/assert";
import { EventChannel, type EventChannelOptions } from "../../channel.ts";
import { BodyClient, makeRequest } from "./_clients.ts";

/** A channel with users, and the reasons for which their streams have ended. */
class Users implements AsyncDisposable {
  readonly channel: EventChannel;
  readonly reasons: string[] = [];

  constructor(options: EventChannelOptions) {
    this.channel = new EventChannel({
      keepAlive: 0,
      onLimit: "replaceOldest",
      key: (request) => request.headers.get("x-user") ?? "",
      ...options,
    });
  }

  serve(user: string, name: string, method = "GET"): Response {
    const headers = { "x-user": user };
    const request = new Request("http://localhost/", { headers, method });
    return this.channel.serve(request, {
      onClose: (reason) => this.reasons.push(`${name}: ${reason}`),
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.channel.close();
  }
}

Deno.test('EventChannel with onLimit "replaceOldest" ends the oldest client of the same key', async () => {
  await using users = new Users({ maxSubscribersPerKey: 2 });
  const { channel, reasons } = users;
  const first = new BodyClient(users.serve("ada", "1"));
  await first.read();
  await using second = new BodyClient(users.serve("ada", "2"));
  await second.read();
  await using bob = new BodyClient(users.serve("bob", "3"));
  await bob.read();
  await using third = new BodyClient(users.serve("ada", "4"));
  assertEquals(reasons, ["1: replaced"]);
  assertEquals(channel.size, 3);
  await first.end();
  await channel.publish({ data: "a" });
  for (const client of [second, bob, third]) {
    client.run();
    await client.inbox.untilEvents(1);
  }
  assertEquals(users.serve("ada", "5").status, 200);
  assertEquals(reasons, ["1: replaced", "2: replaced"]);
  assertEquals(channel.size, 3);
});

Deno.test('EventChannel with onLimit "replaceOldest" replaces nobody while there is room', async () => {
  await using users = new Users({ maxSubscribersPerKey: 2 });
  const first = users.serve("ada", "1");
  users.serve("ada", "2");
  await first.body?.cancel();
  users.serve("ada", "3");
  assertEquals(users.reasons, ["1: client"]);
  assertEquals(users.channel.size, 2);
});

Deno.test('EventChannel with onLimit "replaceOldest" replaces nobody for a request that gets no stream', async () => {
  await using users = new Users({ maxSubscribersPerKey: 1 });
  users.serve("ada", "1");
  assertEquals(users.serve("ada", "2", "HEAD").status, 200);
  assertEquals(users.serve("ada", "3", "POST").status, 405);
  const headers = { "x-user": "ada", accept: "text/html" };
  const request = new Request("http://localhost/", { headers });
  assertEquals(users.channel.serve(request).status, 406);
  assertEquals(users.reasons, []);
});

Deno.test('EventChannel with onLimit "replaceOldest" lets a client that has left replace nobody', async () => {
  await using users = new Users({ maxSubscribersPerKey: 1 });
  users.serve("ada", "1");
  const headers = { "x-user": "ada" };
  const signal = AbortSignal.abort();
  users.channel.serve(new Request("http://localhost/", { headers, signal }));
  assertEquals(users.reasons, []);
  assertEquals(users.channel.size, 1);
});

Deno.test('EventChannel with onLimit "replaceOldest" refuses where the limit is 0, and beyond maxSubscribers', async () => {
  await using nobody = new Users({ maxSubscribersPerKey: 0 });
  assertEquals(nobody.serve("ada", "1").status, 429);
  await using full = new Users({ maxSubscribersPerKey: 1, maxSubscribers: 1 });
  full.serve("ada", "1");
  assertEquals(full.serve("bob", "2").status, 503);
  assertEquals([full.reasons, nobody.reasons], [[], []]);
});

Deno.test('EventChannel with onLimit "replaceOldest" can be closed by the onClose of a client', async () => {
  const channel = new EventChannel({
    maxSubscribersPerKey: 1,
    key: () => "ada",
    onLimit: "replaceOldest",
  });
  const onClose = (): void => void channel.close();
  channel.serve(makeRequest(), { onClose });
  const response = channel.serve(makeRequest());
  assertEquals(channel.size, 0);
  assertEquals(await response.text(), "");
});

Deno.test('EventChannel without onLimit, or with "refuse", answers 429', async () => {
  for (const onLimit of [undefined, "refuse"] as const) {
    await using users = new Users({ maxSubscribersPerKey: 1, onLimit });
    users.serve("ada", "1");
    assertEquals(users.serve("ada", "2").status, 429);
    assertEquals(users.reasons, []);
  }
});

Deno.test("EventChannel throws TypeError for an onLimit that there is not", () => {
  for (const onLimit of ["replace", "", null, 1, true]) {
    assertThrows(
      () => new EventChannel({ onLimit: onLimit as "refuse" }),
      TypeError,
      "Cannot make event channel: expected",
    );
  }
  assertThrows(
    () => new EventChannel({ onLimit: "oldest" as "refuse" }),
    TypeError,
    'expected "onLimit" to be "refuse" or "replaceOldest", got "oldest"',
  );
});
