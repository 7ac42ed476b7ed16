// Copyright 2026 the Tidings authors. MIT license.

/** What the standard says of the end of a WebSocket. */

import { assertEquals } from "@std/assert";
import { event, record } from "./_kinds.ts";
import { close, nameOf, type Row } from "./_row.ts";

export const CLOSING_ROWS: Row[] = [
  {
    name: "is CLOSING as soon as close() was called, and CLOSED at the end",
    async run(open, server) {
      const socket = open(server.url);
      await event(socket, "open");
      socket.close();
      assertEquals(socket.readyState, 2);
      socket.close(4000, "too late");
      assertEquals((await event(socket, "close")).code, 1005);
      assertEquals(socket.readyState, 3);
      socket.close();
      assertEquals(socket.readyState, 3);
      await server.closed();
    },
  },
  {
    name: "hands code and reason of close() to the other side",
    async run(open, server) {
      const socket = open(server.url);
      const lines = record(socket);
      await event(socket, "open");
      socket.close(4999, "é".repeat(61));
      await event(socket, "close");
      await server.closed();
      const end = `close 4999 "${"é".repeat(61)}" clean (closed)`;
      assertEquals([lines.at(-1), server.seen.at(-1)], [end, end]);
    },
  },
  {
    name: "hears code and reason of the server",
    async run(open, server) {
      const socket = open(server.url);
      const lines = record(socket);
      await event(socket, "open");
      socket.send("close 4001 enough");
      await event(socket, "close");
      await server.closed();
      const end = 'close 4001 "enough" clean (closed)';
      assertEquals(lines, ["open (open)", end]);
      assertEquals(server.seen.at(-1), end);
    },
  },
  {
    name: "hears of a server that closes without a code",
    async run(open, server) {
      const socket = open(server.url);
      const lines = record(socket);
      await event(socket, "open");
      socket.send("close");
      await event(socket, "close");
      await server.closed();
      assertEquals(lines.at(-1), 'close 1005 "" clean (closed)');
    },
  },
  {
    name: "refuses codes and reasons that are not the application's",
    async run(open, server) {
      const socket = open(server.url);
      await event(socket, "open");
      for (const code of [0, 999, 1001, 1005, 1006, 2999, 5000]) {
        assertEquals(nameOf(() => socket.close(code)), "InvalidAccessError");
      }
      const long = "é".repeat(62);
      assertEquals(nameOf(() => socket.close(1000, long)), "SyntaxError");
      assertEquals(socket.readyState, 1);
      await close(socket, server);
    },
  },
  {
    name: "delivers what was sent before close(), and nothing sent after",
    async run(open, server) {
      const socket = open(server.url);
      await event(socket, "open");
      for (let i = 0; i < 100; i++) socket.send(`${i}`);
      socket.close(1000);
      socket.send("too late");
      await event(socket, "close");
      await server.closed();
      assertEquals(server.seen, [
        "open (open)",
        ...Array.from({ length: 100 }, (_, i) => `message "${i}"`),
        'close 1000 "" clean (closed)',
      ]);
    },
  },
  {
    name: "counts what is sent too late",
    deviation: "it does not count text",
    async run(open, server) {
      const socket = open(server.url);
      await event(socket, "open");
      socket.close();
      socket.send("é");
      socket.send(new Blob(["123"]));
      assertEquals(socket.bufferedAmount, 5);
      await event(socket, "close");
      socket.send(new Uint8Array(2));
      assertEquals(socket.bufferedAmount, 7);
      await server.closed();
    },
  },
  {
    name: "gets all that the server sent before it closed",
    async run(open, server) {
      const socket = open(server.url);
      const lines = record(socket);
      await event(socket, "open");
      socket.send("count 1000");
      socket.send("close 1000");
      await event(socket, "close");
      await server.closed();
      assertEquals(lines, [
        "open (open)",
        ...Array.from({ length: 1000 }, (_, i) => `message "${i}"`),
        'close 1000 "" clean (closed)',
      ]);
    },
  },
  {
    name: "gets messages between close() and the event",
    async run(open, server) {
      const socket = open(server.url);
      const lines = record(socket);
      await event(socket, "open");
      socket.send("count 3");
      socket.close();
      await event(socket, "close");
      await server.closed();
      assertEquals(
        lines.slice(1, -1),
        ["0", "1", "2"].map((i) => `message "${i}"`),
      );
    },
  },
  {
    name: "fails if it is closed while it is connecting",
    async run(open, server) {
      const socket = open(server.url);
      const lines = record(socket);
      socket.close(1000);
      assertEquals(socket.readyState, 2);
      await event(socket, "close");
      assertEquals(lines, [
        "error (closed)",
        'close 1006 "" unclean (closed)',
      ]);
    },
  },
  {
    name: "fails if the server refuses",
    async run(open, server) {
      const socket = open(`${server.url}refuse`);
      const lines = record(socket);
      await event(socket, "close");
      assertEquals(lines, [
        "error (closed)",
        'close 1006 "" unclean (closed)',
      ]);
    },
  },
  {
    name: "fails without listeners",
    async run(open) {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr as Deno.NetAddr;
      listener.close();
      const socket = open(`ws://127.0.0.1:${port}/`);
      const lines = record(socket);
      await event(socket, "close");
      assertEquals(lines, [
        "error (closed)",
        'close 1006 "" unclean (closed)',
      ]);
    },
  },
];
