// Copyright 2026 the Tidings authors. MIT license.

/** What the sockets of a process count. */

import { assertEquals } from "@std/assert";
import { socketCounters } from "../../socket/server.ts";
import { until } from "../channel/_clients.ts";
import { event, STREAM, UPGRADE } from "./_kinds.ts";
import { RawServer } from "./_raw_client.ts";

// Elsewhere the answer to an upgrade is 501.
const KINDS = "upgradeWebSocket" in Deno ? [STREAM, UPGRADE] : [STREAM];

for (const { name, open } of KINDS) {
  Deno.test(`socketCounters() counts sockets, messages and close codes, over ${name}`, async () => {
    await using server = new RawServer({});
    const before = socketCounters();
    const socket = open(server.url.replace("http", "ws"));
    await event(socket, "open");
    await until(() => socketCounters().opened === before.opened + 1);
    assertEquals(socketCounters().size, before.size + 1);
    const message = event(socket, "message");
    server.sockets[0]!.send("é");
    await message;
    const { delivered, bytes } = socketCounters();
    assertEquals(
      [delivered, bytes],
      [before.delivered + 1, before.bytes + 2],
    );
    const close = event(socket, "close");
    socket.close(3001);
    await close;
    await until(() => socketCounters().size === before.size);
    const { closed } = socketCounters();
    assertEquals(closed[3001], (before.closed[3001] ?? 0) + 1);
    assertEquals(socketCounters().opened, before.opened + 1);
  });
}

Deno.test("socketCounters() counts requests that are refused, and sockets whose client is away", async () => {
  await using server = new RawServer({ maxSessions: 1 });
  const before = socketCounters();
  const one = await server.open();
  assertEquals((await one.next())?.event, "open");
  assertEquals(socketCounters().behind, before.behind);
  const answers = [
    await fetch(server.url),
    await fetch(server.url, { headers: { "socket-session": "unknown" } }),
    await fetch(server.url, { headers: { "socket-session": "new" } }),
    await fetch(server.url, { method: "PUT" }),
  ];
  const counted: Record<number, number> = { ...before.refused };
  for (const { status, body } of answers) {
    await body?.cancel();
    counted[status] = (counted[status] ?? 0) + 1;
  }
  assertEquals(socketCounters().refused, counted);
  await one.leave();
  await until(() => socketCounters().behind === before.behind + 1);
});
