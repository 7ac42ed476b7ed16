// Copyright 2026 the Tidings authors. MIT license.

/**
 * What each framework is asked for: the columns of the table, in the order in which they
 * are tried in one process.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { EventStreamSocket } from "../../socket/mod.ts";
import { within } from "../support/within.ts";
import type { App } from "./_app.ts";
import { Client } from "./_client.ts";
import type { Framework } from "./_frameworks.ts";
import type { Variant } from "./_programs.ts";

/** A program that is running. */
export interface Subject {
  app: App;
  framework: Framework;
  variant: Variant;
}

/** One column. It throws where the program does not do what it should. */
export interface Cell {
  name: string;
  test: (subject: Subject) => Promise<void>;
}

/** Milliseconds of silence, more than Bun's own limit and than our default comment. */
const SILENCE = 17_000;
/** The default of `startTimeout`, in milliseconds. */
const START_TIMEOUT = 10_000;
/** More than Node has listeners without a warning. */
const MANY = 12;
const PUBLISHED = "data: from the server\n";

const GZIP = { "accept-encoding": "gzip, deflate" };
/** What Chromium's own `EventSource` sends. */
const EVENT_SOURCE = {
  accept: "text/event-stream",
  "accept-encoding": "gzip, deflate, br, zstd",
  "accept-language": "en",
  "cache-control": "no-cache",
  connection: "keep-alive",
  "sec-fetch-dest": "empty",
  "sec-fetch-mode": "cors",
  "sec-fetch-site": "same-origin",
};

/**
 * Headers of one connection or one moment, and the length of 0 that Deno and Bun announce
 * by themselves for each answer to HEAD that has no body.
 */
const PASSING_HEADERS = [
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding",
];

const quiet: Cell = {
  name: "quiet stream",
  async test(subject) {
    const { app } = subject;
    using client = await open(subject, EVENT_SOURCE);
    await app.waitForClients(1);
    await new Promise((resolve) => setTimeout(resolve, SILENCE));
    app.publish();
    await client.readUntil(PUBLISHED);
    client.leave();
    await app.waitForClients(0);
  },
};

const atOnce: Cell = {
  name: "events at once",
  async test(subject) {
    const { app } = subject;
    for (const headers of [GZIP, EVENT_SOURCE, {}]) {
      using client = await open(subject, headers);
      await app.waitForClients(1);
      app.publish();
      await client.readUntil(PUBLISHED);
      client.leave();
      await app.waitForClients(0);
    }
  },
};

const post: Cell = {
  name: "POST body",
  async test(subject) {
    const { app, framework: { origin } } = subject;
    using reader = await open(subject, GZIP);
    for (
      const [type, body] of [
        ["text/plain", "Grüße"],
        ["text/plain", ""],
        ["application/json", '{"text":"Grüße","list":[1,null]}'],
        ["application/json", "[]"],
        ["application/octet-stream", "bytes"],
      ] as const
    ) {
      using client = await Client.request(app.port, {
        method: "POST",
        headers: {
          "content-type": type,
          ...(origin === undefined ? {} : { origin }),
        },
        body,
      });
      await client.readToEnd();
      assertEquals(client.status, 200, client.text);
      await reader.readUntil(`data: ${body}\nid: ${client.text}\n`);
    }
  },
};

const head: Cell = {
  name: "HEAD",
  async test(subject) {
    const { app } = subject;
    for (const headers of [GZIP, EVENT_SOURCE]) {
      using stream = await open(subject, headers);
      using client = await Client.request(app.port, {
        method: "HEAD",
        headers: { ...headers, connection: "close" },
      });
      await client.readHead();
      assertEquals(client.status, 200);
      assertEquals(lastingHeaders(client), lastingHeaders(stream));
      await client.readToEnd();
      await app.waitForClients(1);
      stream.leave();
      await app.waitForClients(0);
    }
  },
};

const leave: Cell = {
  name: "clients leave",
  async test(subject) {
    const { app } = subject;
    const clients: Client[] = [];
    try {
      for (let i = 0; i < MANY; i++) clients.push(await open(subject, GZIP));
      await app.waitForClients(MANY);
    } finally {
      for (const client of clients) client.leave();
    }
    await app.waitForClients(0);
  },
};

const shutdown: Cell = {
  name: "shutdown",
  async test(subject) {
    const { app, framework: { status = 0 } } = subject;
    using stream = await open(subject, GZIP);
    using other = await open(subject, EVENT_SOURCE);
    await app.waitForClients(2);
    const [end] = await Promise.all([
      app.shutDown(),
      stream.readToEnd(),
      other.readToEnd(),
    ]);
    assertEquals(end, status, app.errors);
    // Between 2 and 4 seconds.
    assertMatch(stream.text, /\nretry: (?:[23]\d{3}|4000)\n\n$/);
  },
};

const silent: Cell = {
  name: "no warning",
  test({ app, framework: { notice = /^$/ } }) {
    assertEquals(app.errors.replace(notice, ""), "");
    return Promise.resolve();
  },
};

const parsed: Cell = {
  name: "parsed body",
  async test(subject) {
    const { app, variant: { keepsJson = false } } = subject;
    using reader = await open(subject, GZIP);
    for (
      const [type, body] of [
        ["application/json", '{"a":1}'],
        ["text/plain", "text"],
        ["application/x-www-form-urlencoded", "a=1&b=2"],
      ] as const
    ) {
      using client = await Client.request(app.port, {
        method: "POST",
        headers: { "content-type": type },
        body,
      });
      await client.readToEnd();
      const isKept = keepsJson && type === "application/json";
      if (client.status === 200 || isKept) {
        await reader.readUntil(`data: ${body}\nid: ${client.text}\n`);
      } else if (client.status === 500) {
        await app.waitForError("Cannot read request body");
      } else {
        // A parser of the framework does not know the type.
        assertEquals(client.status, 415);
      }
    }
  },
};

const cors: Cell = {
  name: "CORS",
  async test(subject) {
    const { app } = subject;
    const origin = "https://app.example";
    using client = await open(subject, { ...GZIP, origin });
    await app.waitForClients(1);
    app.publish();
    await client.readUntil(PUBLISHED);
    assertEquals(client.headers?.get("access-control-allow-origin"), "*");
    client.leave();
    await app.waitForClients(0);

    using preflight = await Client.request(app.port, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "GET",
        "access-control-request-headers": "last-event-id",
      },
    });
    await preflight.readToEnd();
    assertEquals(preflight.status, 204);
    assertEquals(preflight.headers?.get("access-control-allow-origin"), "*");
    assertEquals(
      preflight.headers?.get("access-control-allow-headers")?.toLowerCase(),
      "last-event-id",
    );
  },
};

const thrownAway: Cell = {
  name: "thrown away",
  async test({ app }) {
    using client = await Client.request(app.port, { headers: EVENT_SOURCE });
    await client.readToEnd();
    assertEquals([client.status, client.text], [404, "other"]);
    await app.waitForClients(1);
    // The connection stays open.
    await app.waitForClients(0, START_TIMEOUT + 5_000);
  },
};

const sockets: Cell = {
  name: "sockets",
  async test({ app, framework: { status = 0 } }) {
    const url = `http://127.0.0.1:${app.port}/events`;
    const leaving = await openSocket(url);
    await app.waitForClients(1);
    leaving.close(1000);
    const left = await within("its close", nextEvent(leaving, "close"));
    assertEquals([left.code, left.wasClean], [1000, true]);
    await app.waitForClients(0);

    const staying = await openSocket(url);
    const ended = within("the other close", nextEvent(staying, "close"));
    assertEquals(await app.shutDown(), status, app.errors);
    assertEquals((await ended).code, 1001);
  },
};

/** Opens a socket, and waits for the answer to a message. */
async function openSocket(url: string): Promise<EventStreamSocket> {
  const socket = new EventStreamSocket(url);
  await within("its open", nextEvent(socket, "open"));
  socket.send("Grüße");
  const { data } = await within("an answer", nextEvent(socket, "message"));
  assertEquals(data, "You said Grüße");
  return socket;
}

function nextEvent<Type extends keyof WebSocketEventMap>(
  socket: EventStreamSocket,
  type: Type,
): Promise<WebSocketEventMap[Type]> {
  return new Promise((resolve) => {
    socket.addEventListener(type, resolve, { once: true });
  });
}

/** Opens a stream and waits for its head. */
async function open(
  { app, variant: { codings } }: Subject,
  headers: Record<string, string>,
): Promise<Client> {
  const client = await Client.request(app.port, { headers });
  try {
    await client.readHead();
    assertEquals(client.status, 200);
    // React Router adds the charset.
    assertMatch(
      client.headers?.get("content-type") ?? "",
      /^text\/event-stream(?:; charset=utf-8)?$/,
    );
    const isPlain = !("accept-encoding" in headers);
    const expected = isPlain ? ["identity"] : codings;
    assert(expected.includes(client.coding), `it is ${client.coding}`);
    assert(!client.hasEnded);
    return client;
  } catch (error) {
    client.leave();
    throw error;
  }
}

function lastingHeaders({ headers }: Client): [string, string][] {
  return [...headers ?? []].filter(([name]) => !PASSING_HEADERS.includes(name));
}

/** For the programs as they are printed. */
export const ALL_CELLS: readonly Cell[] = [
  quiet,
  atOnce,
  post,
  head,
  leave,
  shutdown,
  silent,
];

/** For the programs whose streams this package compresses. */
export const GZIP_CELLS: readonly Cell[] = [
  atOnce,
  head,
  leave,
  shutdown,
  silent,
];

/** Middleware does not say with HEAD that it compresses. */
export const TRANSFORM_CELLS: readonly Cell[] = [
  atOnce,
  leave,
  shutdown,
  silent,
];

/** For the programs where a parser stands before the handler. */
export const PARSER_CELLS: readonly Cell[] = [parsed];

/** For the programs that stand before another one, which is not told to shut down. */
export const PROXY_CELLS: readonly Cell[] = [quiet, atOnce, post, head, leave];

/** For the programs that serve sockets. */
export const SOCKET_CELLS: readonly Cell[] = [sockets, silent];

/** For the programs with middleware for CORS. */
export const CORS_CELLS: readonly Cell[] = [cors, silent];

/** For the programs where other code answers. */
export const OTHER_ANSWER_CELLS: readonly Cell[] = [thrownAway, silent];

/** All columns of the table. */
export const COLUMNS: readonly Cell[] = [
  ...new Set([
    ...ALL_CELLS,
    ...PARSER_CELLS,
    ...CORS_CELLS,
    ...OTHER_ANSWER_CELLS,
    ...SOCKET_CELLS,
  ]),
];
