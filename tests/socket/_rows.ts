// Copyright 2026 the Tidings authors. MIT license.

/** What the standard says of a WebSocket while it is open. */

import { assert, assertEquals } from "@std/assert";
import { event, record } from "./_kinds.ts";
import { close, exchange, nameOf, type Row } from "./_row.ts";

export const ROWS: Row[] = [
  {
    name: "has the constants on the class and on the instance",
    async run(open, server) {
      const socket = open(server.url);
      for (const holder of [socket, socket.constructor as typeof WebSocket]) {
        assertEquals(
          [holder.CONNECTING, holder.OPEN, holder.CLOSING, holder.CLOSED],
          [0, 1, 2, 3],
        );
      }
      await event(socket, "open");
      await close(socket, server);
    },
  },
  {
    name: "begins with the standard's values",
    async run(open, server) {
      const socket = open(server.url.replace("ws", "http"));
      assertEquals(
        [
          socket.url,
          socket.readyState,
          socket.bufferedAmount,
          socket.protocol,
          socket.extensions,
          socket.binaryType,
          socket.onopen,
          socket.onmessage,
          socket.onerror,
          socket.onclose,
        ],
        [server.url, 0, 0, "", "", "blob", null, null, null, null],
      );
      assertEquals(String(socket), "[object WebSocket]");
      await event(socket, "open");
      await close(socket, server);
    },
  },
  {
    name: "goes through its events in their order",
    async run(open, server) {
      const socket = open(server.url);
      const lines = record(socket);
      await event(socket, "open");
      socket.send("send a");
      await event(socket, "message");
      await close(socket, server);
      assertEquals(lines, [
        "open (open)",
        'message "a"',
        'close 1005 "" clean (closed)',
      ]);
      assertEquals(server.seen, [
        "open (open)",
        'message "send a"',
        'close 1005 "" clean (closed)',
      ]);
    },
  },
  {
    name: "dispatches the standard's event classes",
    async run(open, server) {
      const socket = open(server.url);
      await event(socket, "open");
      socket.send("send a");
      const message = await event(socket, "message");
      assert(message instanceof MessageEvent);
      assertEquals(message.target, socket);
      socket.close(3000);
      const end = await event(socket, "close");
      assert(end instanceof CloseEvent);
      assertEquals([end.code, end.reason, end.wasClean], [3000, "", true]);
      await server.closed();
    },
  },
  {
    name: "gives its messages the server's origin",
    deviation: "it gives them the whole URL",
    async run(open, server) {
      const socket = open(server.url);
      await event(socket, "open");
      socket.send("send a");
      const { origin } = await event(socket, "message");
      assertEquals(`${origin}/`, server.url);
      await close(socket, server);
    },
  },
  {
    name: "throws InvalidStateError from send() while connecting",
    async run(open, server) {
      const socket = open(server.url);
      assertEquals(nameOf(() => socket.send("a")), "InvalidStateError");
      await event(socket, "open");
      await close(socket, server);
    },
  },
  {
    name: "keeps every text as it is",
    async run(open, server) {
      const texts = [
        "",
        " a ",
        "a\nb",
        "a\rb",
        "a\r\nb\n",
        "\n",
        "\0",
        "\ufeffa",
        "é €𝄞",
        ":comment",
        "data: a\n\nid: 99",
        '"\\',
      ];
      assertEquals(
        await exchange(open, server, texts.map((text) => `send ${text}`)),
        [...texts, "the end"].map((text) => `message ${JSON.stringify(text)}`),
      );
    },
  },
  {
    name: "converts what is sent to a string of scalar values",
    async run(open, server) {
      assertEquals(
        await exchange(open, server, [
          "send \ud83d",
          // What Web IDL makes of a value that is neither text nor bytes.
          { toString: () => "send 1" } as unknown as string,
        ]),
        ['message "\ufffd"', 'message "1"', 'message "the end"'],
      );
    },
  },
  {
    name: "sends all kinds of bytes",
    async run(open, server) {
      const { buffer } = new Uint8Array([0, 1, 254, 255]);
      assertEquals(
        await exchange(open, server, [
          buffer,
          new Uint8Array(buffer, 1, 2),
          new DataView(buffer, 3),
          new Uint16Array([1]),
          new Uint8Array(),
          new Blob(["a", "b"]),
        ]),
        [
          "message bytes 0,1,254,255",
          "message bytes 1,254",
          "message bytes 255",
          "message bytes 1,0",
          "message bytes ",
          "message bytes 97,98",
          'message "the end"',
        ],
      );
    },
  },
  {
    name: "hands bytes out as blobs if that is the binaryType",
    async run(open, server) {
      assertEquals(
        await exchange(open, server, [new Uint8Array(3)], "blob"),
        ["message blob of 3", 'message "the end"'],
      );
    },
  },
  {
    name: "ignores another binaryType",
    async run(open, server) {
      const socket = open(server.url);
      socket.binaryType = "text" as BinaryType;
      assertEquals(socket.binaryType, "blob");
      await event(socket, "open");
      await close(socket, server);
    },
  },
  {
    name: "keeps the order of blobs, bytes and text",
    async run(open, server) {
      assertEquals(
        await exchange(open, server, [
          "send 1",
          new Blob(["2"]),
          "send 3",
          new Blob(["4"]),
          new Uint8Array([53]),
        ]),
        [
          'message "1"',
          "message bytes 50",
          'message "3"',
          "message bytes 52",
          "message bytes 53",
          'message "the end"',
        ],
      );
    },
  },
  {
    name: "copies bytes when they are sent",
    deviation: "it does not copy them",
    async run(open, server) {
      const socket = open(server.url);
      socket.binaryType = "arraybuffer";
      await event(socket, "open");
      const bytes = new Uint8Array([1]);
      socket.send(bytes);
      bytes[0] = 2;
      const { data } = await event(socket, "message");
      assertEquals(new Uint8Array(data), new Uint8Array([1]));
      await close(socket, server);
    },
  },
  {
    name: "counts what is sent in bufferedAmount, until it has left",
    deviation: "it does not count text and blobs",
    showsThrough: true,
    async run(open, server) {
      const socket = open(server.url);
      await event(socket, "open");
      socket.send("é€");
      socket.send(new Uint8Array(3));
      socket.send(new Blob(["1234"]));
      assertEquals(socket.bufferedAmount, 12);
      for (let i = 0; i < 2000 && socket.bufferedAmount > 0; i++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      assertEquals(socket.bufferedAmount, 0);
      await close(socket, server);
    },
  },
  {
    name: "has the protocol that the server chose",
    async run(open, server) {
      const socket = open(server.url, ["chat.v3", "chat.v2", "chat.v1"]);
      await event(socket, "open");
      assertEquals(socket.protocol, "chat.v2");
      await close(socket, server);
    },
  },
  {
    name: "fails if the server chose none of its protocols",
    deviation: "it opens all the same",
    showsThrough: true,
    async run(open, server) {
      const socket = open(server.url, "chat.v9");
      const lines = record(socket);
      await event(socket, "close");
      assertEquals(lines, [
        "error (closed)",
        'close 1006 "" unclean (closed)',
      ]);
    },
  },
  {
    name: "throws SyntaxError for a URL or protocols that it cannot take",
    run(open, server) {
      for (const url of ["", "/", "ftp://a/", "ws://a/#b", "ws://a/#", "ws:"]) {
        assertEquals(nameOf(() => open(url)), "SyntaxError");
      }
      for (const protocols of ["", "a b", "é", ["a", "a"], ["a,b"]]) {
        assertEquals(nameOf(() => open(server.url, protocols)), "SyntaxError");
      }
      return Promise.resolve();
    },
  },
  {
    name: "calls handlers and listeners in their order",
    async run(open, server) {
      const socket = open(server.url);
      const calls: string[] = [];
      socket.onopen = () => calls.push("first");
      socket.addEventListener("open", () => calls.push("second"));
      socket.onopen = () => calls.push("at its position");
      socket.onmessage = () => calls.push("never");
      socket.onmessage = null;
      await event(socket, "open");
      socket.send("send a");
      await event(socket, "message");
      const onclose = () => calls.push("close");
      socket.onclose = onclose;
      assertEquals(socket.onclose, onclose);
      await close(socket, server);
      assertEquals(calls, ["at its position", "second", "close"]);
    },
  },
];
