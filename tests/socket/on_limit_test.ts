// Copyright 2026 the Tidings authors. MIT license.

/** What `onLimit` does with a socket beyond the limit of its key. */

import { assertEquals, assertThrows } from "@std/assert";
import { serveSocket, type ServeSocketOptions } from "../../socket/server.ts";
import { within } from "../support/within.ts";
import { event, OWN, record, STREAM, UPGRADE } from "./_kinds.ts";
import { RawServer } from "./_raw_client.ts";

const REPLACED =
  'close 1008 "Cannot keep socket: a newer socket with the same key has opened"';
const LIMITS: ServeSocketOptions = {
  key: "ada",
  maxSessionsPerKey: 1,
  onLimit: "replaceOldest",
};

// Elsewhere the answer to an upgrade is 501.
const KINDS = "upgradeWebSocket" in Deno ? [STREAM, UPGRADE, OWN] : [STREAM];

for (const { name, open } of KINDS) {
  Deno.test(`serveSocket() with onLimit "replaceOldest" closes the oldest socket of the same key, over ${name}`, async () => {
    await using server = new RawServer({ ...LIMITS, maxSessionsPerKey: 2 });
    const url = server.url.replace("http", "ws");
    const seen: string[][] = [];
    const sockets: WebSocket[] = [];
    for (const key of ["ada", "ada", "bob", "ada"]) {
      server.options = { ...server.options, key };
      const socket = open(url);
      sockets.push(socket);
      seen.push(record(socket));
      if (sockets.length === 4) await event(sockets[0]!, "close");
      if (socket.readyState === 0) await event(socket, "open");
    }
    assertEquals(seen[0]!.at(-1), `${REPLACED} clean (closed)`);
    assertEquals(server.seen[0]!.at(-1), `${REPLACED} unclean (closed)`);
    for (const [index, socket] of sockets.entries()) {
      if (index === 0) continue;
      // The others go on.
      const message = event(socket, "message");
      server.sockets[index]!.send("still here");
      assertEquals((await message).data, "still here");
      const close = event(socket, "close");
      socket.close();
      await close;
    }
  });
}

Deno.test('serveSocket() with onLimit "replaceOldest" ends the session that is replaced at once', async () => {
  await using server = new RawServer({ ...LIMITS, maxSessions: 2 });
  const first = await server.open();
  assertEquals((await first.next())?.event, "open");
  // Of a client that has vanished, nothing stays that counts.
  for (let i = 0; i < 5; i++) {
    const next = await server.open();
    assertEquals((await next.next())?.event, "open");
    assertEquals(server.seen[i]!.at(-1), `${REPLACED} unclean (closed)`);
    await next.leave();
  }
  assertEquals((await first.next())?.event, "close");
  assertEquals(await first.next(), undefined);
  assertEquals((await first.post("", { "last-event-id": "1" })).status, 404);
});

Deno.test('serveSocket() with onLimit "replaceOldest" keeps nothing of a message for a client that does not read', async () => {
  const shutdown = new AbortController();
  const { signal } = shutdown;
  const request = new Request("http://localhost/", {
    headers: { "socket-session": "new" },
  });
  const serve = async () =>
    await serveSocket(request, (socket) => {
      socket.onopen = () => socket.send("é".repeat(200_000));
    }, { ...LIMITS, signal });
  const reader = (await serve()).body!.getReader();
  await within("the event open", reader.read());
  const { value } = await within("a part of the message", reader.read());
  assertEquals(value?.length, 65_536);
  await serve();
  assertEquals((await within("the end", reader.read())).done, true);
  shutdown.abort();
});

Deno.test('serveSocket() with onLimit "replaceOldest" replaces none for a request that gets no socket', async () => {
  await using server = new RawServer(LIMITS);
  const first = await server.open();
  assertEquals((await first.next())?.event, "open");
  const headers = { "socket-session": "new" };
  assertEquals((await server.request("HEAD", headers)).status, 200);
  server.options = { ...LIMITS, maxSessions: 1 };
  assertEquals((await server.request("GET", headers)).status, 503);
  server.options = { ...LIMITS, maxSessionsPerKey: 0 };
  assertEquals((await server.request("GET", headers)).status, 429);
  server.options = { ...LIMITS, onLimit: "refuse" };
  assertEquals((await server.request("GET", headers)).status, 429);
  const request = new Request("http://localhost/", { headers });
  assertThrows(
    () =>
      serveSocket(request, () => {
        throw new Error("not now");
      }, LIMITS),
    Error,
    "not now",
  );
  assertEquals(server.seen, [["open (open)"]]);
  await first.leave();
});

Deno.test("serveSocket() throws TypeError for an onLimit that there is not", () => {
  const request = new Request("http://localhost/");
  for (const onLimit of ["replace", "", null, 1, true]) {
    assertThrows(
      () => serveSocket(request, () => {}, { onLimit: onLimit as "refuse" }),
      TypeError,
      '"onLimit"',
    );
  }
});
