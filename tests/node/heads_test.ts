// Copyright 2026 the Tidings authors. MIT license.

/**
 * The heads of responses of `node:http`, byte for byte: responses share the text of a head
 * in memory, and still each client gets its own.
 */

import { assertEquals } from "@std/assert";
import { once } from "node:events";
import type http from "node:http";
import net from "node:net";
import { EventChannel } from "../../channel.ts";
import { withHttp1Server } from "../support/node_server.ts";
import { within } from "../support/within.ts";
import { readHttp1Chunks, readHttp1Responses } from "./_http1.ts";

/** What the client of a test has sent and got. */
interface Connection {
  socket: net.Socket;
  /** All bytes so far, one character for each. */
  text: string;
}

/** Sends a request. The further lines of its head end with a line end each. */
function ask(port: number, path: string, lines = ""): Connection {
  const socket = net.connect(port, "127.0.0.1").setEncoding("latin1");
  const connection = { socket, text: "" };
  socket.on("data", (text) => connection.text += text);
  socket.on("error", () => {});
  socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n${lines}\r\n`);
  return connection;
}

async function until(
  { socket }: Connection,
  what: string,
  isThere: () => boolean,
): Promise<void> {
  while (!isThere()) await within(what, once(socket, "data"));
}

/** Reads the head of a stream that is open, without the date. */
async function readHead(connection: Connection): Promise<string> {
  await until(connection, "a chunk", () => /\r\nid: /.test(connection.text));
  const [head = ""] = connection.text.split("\r\n\r\n");
  return head.toLowerCase().split("\r\n").filter((line) =>
    !line.startsWith("date: ")
  ).join("\n");
}

Deno.test("toNodeHandler() sends each response its own head, also where another is alike", async () => {
  await using channel = new EventChannel();
  const handler = (request: Request): Response => {
    const { pathname } = new URL(request.url);
    return channel.serve(
      request,
      pathname === "/" ? {} : { headers: { "x-path": pathname } },
    );
  };
  const mount = (
    listener: (
      incoming: http.IncomingMessage,
      outgoing: http.ServerResponse,
    ) => void,
  ): typeof listener =>
  (incoming, outgoing) => {
    const { url = "" } = incoming;
    if (url.endsWith("c")) outgoing.setHeader("set-cookie", `path=${url}`);
    listener(incoming, outgoing);
  };
  await withHttp1Server(handler, async ({ port }) => {
    const paths = ["/", "/a", "/", "/b", "/a", "/c", "/", "/", "/c", "/ac"];
    const heads: string[] = [];
    for (const path of [...paths, ...paths]) {
      const connection = ask(port, path);
      heads.push(await readHead(connection));
      connection.socket.destroy();
    }
    const isOf = (path: string) =>
      heads.filter((_, i) => paths[i % 10] === path);
    for (const path of new Set(paths)) {
      assertEquals(new Set(isOf(path)).size, 1, path);
      const [head = ""] = isOf(path);
      const find = (name: string) =>
        head.split("\n").find((line) => line.startsWith(`${name}: `));
      assertEquals(
        find("x-path"),
        path === "/" ? undefined : `x-path: ${path}`,
      );
      assertEquals(
        find("set-cookie"),
        path.endsWith("c") ? `set-cookie: path=${path}` : undefined,
      );
    }
  }, { mount });
});

/** What other code or the client adds to an exchange, and what comes beside the stream. */
const ADDITIONS: Record<string, {
  lines?: string;
  act?: (outgoing: http.ServerResponse) => void;
  before?: string;
  /** How the body ends. Deno and Bun send no trailers. */
  ends?: RegExp;
}> = {
  "a client that waits for 100 Continue": {
    lines: "expect: 100-continue\r\n",
    before: "HTTP/1.1 100 Continue\r\n\r\n",
  },
  "a client that takes trailers": { lines: "te: trailers\r\n" },
  "trailers": {
    act: (outgoing) => outgoing.addTrailers({ "x-trailer": "a" }),
    ends: /\r\n0\r\n(?:x-trailer: a\r\n)?\r\n$/,
  },
  "writeContinue()": {
    act: (outgoing) => outgoing.writeContinue?.(),
    before: "HTTP/1.1 100 Continue\r\n\r\n",
  },
  "setTimeout()": { act: (outgoing) => void outgoing.setTimeout(60_000) },
};

for (
  const [what, { lines, act, before = "", ends = /\r\n0\r\n\r\n$/ }] of Object
    .entries(ADDITIONS)
) {
  Deno.test(`toNodeHandler() writes a stream in its place beside ${what}`, async () => {
    await using channel = new EventChannel();
    await withHttp1Server(
      (request) => channel.serve(request),
      async ({ port }) => {
        const connection = ask(port, "/", lines);
        await readHead(connection);
        for (const data of ["1", "2", "3"]) {
          channel.publish({ data });
          await until(
            connection,
            data,
            () => connection.text.includes(`data: ${data}\n`),
          );
        }
        await channel.close();
        await until(connection, "the end", () => ends.test(connection.text));
        // Deno and Bun may send none, which RFC 9110 allows where no body follows.
        const text = connection.text.startsWith(before)
          ? connection.text.slice(before.length)
          : connection.text;
        const { responses, rest } = readHttp1Responses(
          text.replace(ends, "\r\n0\r\n\r\n"),
        );
        assertEquals([responses.length, rest], [1, ""]);
        assertEquals(
          responses[0]!.body.match(/data: \d/g),
          ["data: 1", "data: 2", "data: 3"],
        );
        connection.socket.destroy();
      },
      {
        mount: (listener) => (incoming, outgoing) => {
          act?.(outgoing);
          listener(incoming, outgoing);
        },
      },
    );
  });
}

Deno.test("toNodeHandler() ends its side too where a client has ended its own and goes on reading", async () => {
  await using channel = new EventChannel();
  await withHttp1Server(
    (request) => channel.serve(request),
    async ({ port }) => {
      const [half, other] = [ask(port, "/"), ask(port, "/")];
      for (const each of [half, other]) await readHead(each);
      const ended = once(half.socket, "close");
      half.socket.end();
      for (let i = 0; i < 5; i++) {
        channel.publish({ data: `${i}` });
        await until(
          other,
          `${i}`,
          () => other.text.includes(`data: ${i}\n`),
        );
      }
      await within("the connection closes", ended);
      const [, ...bodies] = half.text.split("\r\n\r\n");
      const { chunks, rest } = readHttp1Chunks(bodies.join("\r\n\r\n"));
      // What has come is whole chunks in their order, and no byte beside them.
      assertEquals(rest, "");
      const got = chunks.join("").match(/(?<=data: )\d/g) ?? [];
      assertEquals(got, ["0", "1", "2", "3", "4"].slice(0, got.length));
      other.socket.destroy();
    },
  );
});
