// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  ANSWER_ROWS,
  type AnswerOptions,
  makeAnswerRequest,
} from "./_answers.ts";
import { EventChannel } from "../../channel.ts";
import { MemoryEventLogs } from "../../log.ts";
import { EventRuns } from "../../runs/mod.ts";
import { serveEvents } from "../../server.ts";
import { serveSocket } from "../../socket/server.ts";
import { RawClient, withServer } from "../support/raw_client.ts";

const CACHE_CONTROL_ROWS: {
  name: string;
  options: AnswerOptions;
  expected: string;
}[] = [
  {
    name: "no-transform beside no-store",
    options: {},
    expected: "no-store, no-transform",
  },
  {
    name: "no-transform beside the user's own cache-control",
    options: { headers: { "Cache-Control": "no-cache" } },
    expected: "no-cache, no-transform",
  },
  {
    name: "no-transform beside one in a Headers",
    options: {
      headers: new Headers({ "cache-control": "private, max-age=0" }),
    },
    expected: "private, max-age=0, no-transform",
  },
  {
    name: "no-transform beside several in a list",
    options: {
      headers: [["cache-control", "no-cache"], ["Cache-Control", "private"]],
    },
    expected: "no-cache, private, no-transform",
  },
  {
    name: "no-transform in place of nothing",
    options: { headers: { "cache-control": "" } },
    expected: "no-transform",
  },
  {
    name: "the user's own no-transform once",
    options: { headers: { "cache-control": "no-store, no-transform" } },
    expected: "no-store, no-transform",
  },
  {
    name: "the user's own no-transform once, in whatever case",
    options: { headers: { "cache-control": "No-Transform,no-cache" } },
    expected: "No-Transform,no-cache",
  },
  {
    name: "the user's own no-transform once, of several in a list",
    options: {
      headers: [["cache-control", "no-transform "], ["cache-control", "a"]],
    },
    expected: "no-transform, a",
  },
  {
    name: "no-transform beside names that only resemble it",
    options: { headers: { "cache-control": "x-no-transform, no-transforms" } },
    expected: "x-no-transform, no-transforms, no-transform",
  },
  {
    name: "no-transform beside a quoted one",
    options: { headers: { "cache-control": 'private="a, no-transform, b"' } },
    expected: 'private="a, no-transform, b", no-transform',
  },
  {
    name: "no no-transform with allowTransform",
    options: { allowTransform: true },
    expected: "no-store",
  },
  {
    name: "the user's own cache-control alone with allowTransform",
    options: {
      allowTransform: true,
      headers: { "cache-control": "no-cache" },
    },
    expected: "no-cache",
  },
];

for (const row of ANSWER_ROWS) {
  Deno.test(`${row.name}, ${row.status}, forbids everybody to transform the response`, async () => {
    for (const { name, options, expected } of CACHE_CONTROL_ROWS) {
      const response = await row.serve(makeAnswerRequest(row), options);
      await response.body?.cancel();
      assertEquals(response.status, row.status, name);
      assertEquals(response.headers.get("cache-control"), expected, name);
    }
  });
}

Deno.test("serveEvents() leaves the user's Headers as they are", async () => {
  const headers = new Headers({ "cache-control": "no-cache" });
  const request = new Request("http://localhost/");
  await serveEvents(request, [], { headers }).body?.cancel();
  assertEquals([...headers], [["cache-control", "no-cache"]]);
});

/** The headers but for the ID of a new session, which HEAD does not make. */
function readHeaders({ headers }: Response): Record<string, string> {
  const { "socket-session": _, ...rest } = Object.fromEntries(headers);
  return rest;
}

const EMPTY = [200, 204];

for (const row of ANSWER_ROWS) {
  Deno.test(`${row.name}, ${row.status}, answers HEAD with the status and headers of GET`, async () => {
    const options = { cors: { origins: ["https://app.example"] } };
    const get = await row.serve(makeAnswerRequest(row), options);
    await get.body?.cancel();
    const head = await row.serve(makeAnswerRequest(row, "HEAD"), options);
    assertEquals(head.body, null);
    assertEquals([head.status, get.status], [row.status, row.status]);
    assertEquals(readHeaders(head), readHeaders(get));
  });

  Deno.test(`${row.name}, ${row.status}, says why in a sentence if it gives no stream`, async () => {
    const response = await row.serve(makeAnswerRequest(row), {});
    if (EMPTY.includes(row.status)) return await response.body?.cancel();
    assertEquals(
      response.headers.get("content-type"),
      "text/plain;charset=utf-8",
    );
    const text = await response.text();
    assertMatch(text, /^Cannot [a-z]+ [a-zA-Z]+( messages)?: [^\n]+[^.\n]$/);
    assert(text.length < 200, text);
    assert(!text.includes("secret"), text);
  });
}

const METHOD_ROWS: { methods: string[]; allow: string; names: string }[] = [
  {
    methods: ["GET"],
    allow: "GET, HEAD, OPTIONS",
    names: "GET, HEAD or OPTIONS",
  },
  {
    methods: ["GET", "POST"],
    allow: "GET, POST, HEAD, OPTIONS",
    names: "GET, POST, HEAD or OPTIONS",
  },
  { methods: ["POST"], allow: "POST, OPTIONS", names: "POST or OPTIONS" },
  { methods: ["HEAD"], allow: "HEAD, OPTIONS", names: "HEAD or OPTIONS" },
  { methods: [], allow: "OPTIONS", names: "OPTIONS" },
];

for (const { methods, allow, names } of METHOD_ROWS) {
  Deno.test(`serveEvents(), channels and runs name ${names} and the option in 405`, async () => {
    await using channel = new EventChannel();
    await using runs = new EventRuns();
    await runs.start("a", () => [{ data: "1" }]);
    const makeRequest = () =>
      new Request("http://localhost/", { method: "DELETE" });
    for (
      const response of [
        serveEvents(makeRequest(), [], { methods }),
        channel.serve(makeRequest(), { methods }),
        await runs.serve("a", makeRequest(), { methods }),
      ]
    ) {
      assertEquals(response.status, 405);
      assertEquals(response.headers.get("allow"), allow);
      assertEquals(
        await response.text(),
        `Cannot serve events: expected the method ${names}; the option "methods" of the server allows others`,
      );
    }
  });
}

Deno.test("serveSocket() names the methods in 405, which no option changes", async () => {
  const request = new Request("http://localhost/", { method: "DELETE" });
  const response = await serveSocket(request, () => {});
  assertEquals(response.status, 405);
  assertEquals(
    await response.text(),
    "Cannot serve events: expected the method GET, POST, HEAD or OPTIONS",
  );
});

Deno.test("serveEvents() gives HEAD no stream even if HEAD is all that it serves", async () => {
  let isCalled = false;
  const request = new Request("http://localhost/", { method: "HEAD" });
  const response = serveEvents(request, () => {
    isCalled = true;
  }, { methods: ["HEAD"] });
  assertEquals([response.status, response.body], [200, null]);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert(!isCalled);
});

const HEAD_REQUEST = new Request("http://localhost/", { method: "HEAD" });

Deno.test("EventChannel.serve() counts no client for HEAD", async () => {
  const closed: string[] = [];
  await using channel = new EventChannel({
    maxSubscribers: 1,
    maxSubscribersPerKey: 1,
    key: () => "ada",
  });
  const onClose = (reason: string) => closed.push(reason);
  for (let count = 0; count < 3; count++) {
    assertEquals(channel.serve(HEAD_REQUEST, { onClose }).status, 200);
    assertEquals(channel.size, 0);
  }
  const response = channel.serve(new Request("http://localhost/"));
  assertEquals([response.status, channel.size], [200, 1]);
  assertEquals(channel.serve(HEAD_REQUEST, { onClose }).status, 503);
  await response.body?.cancel();
  assertEquals(channel.serve(HEAD_REQUEST, { onClose }).status, 200);
  assertEquals(closed, []);
});

Deno.test("EventRuns.serve() reads no event for HEAD", async () => {
  using logs = new MemoryEventLogs();
  await using runs = new EventRuns({ logs });
  await runs.start("a", () => [{ data: "1" }]);
  await runs.ended("a");
  const open = logs.open.bind(logs);
  let reads = 0;
  logs.open = (name) => {
    const log = open(name);
    const read = log.read.bind(log);
    log.read = (...args) => {
      reads++;
      return read(...args);
    };
    return log;
  };
  const response = await runs.serve("a", HEAD_REQUEST);
  assertEquals([response.status, response.body, reads], [200, null, 0]);
});

Deno.test("serveSocket() opens and resumes nothing for HEAD", async () => {
  const shutdown = new AbortController();
  const options = { signal: shutdown.signal, key: "ada", maxSessionsPerKey: 1 };
  let sockets = 0;
  const serve = async (method: string, session: string, id = "0") => {
    const headers = { "socket-session": session, "last-event-id": id };
    const request = new Request("http://localhost/", { method, headers });
    return await serveSocket(request, () => {
      sockets++;
    }, options);
  };
  assertEquals((await serve("HEAD", "new")).status, 200);
  assertEquals((await serve("HEAD", "new")).status, 200);
  assertEquals(sockets, 0);
  const response = await serve("GET", "new");
  const session = response.headers.get("socket-session") ?? "";
  assertEquals(sockets, 1);
  assertEquals((await serve("HEAD", "new")).status, 429);

  const reader = response.body!.getReader();
  await reader.read();
  const second = reader.read();
  assertEquals((await serve("HEAD", session)).status, 200);
  // The stream goes on, and no violation has closed the socket.
  for (const id of ["9", "x"]) {
    assertEquals((await serve("HEAD", session, id)).status, 400);
  }
  assertEquals((await serve("HEAD", session)).status, 200);
  shutdown.abort();
  assertEquals((await second).done, false);
  await reader.cancel();
});

/** The head of an answer over a socket: status and headers, without what frames a body. */
async function readHead(
  port: number,
  path: string,
  method: string,
  headers: Record<string, string>,
): Promise<string[]> {
  const request = { method, path, headers };
  using client = await RawClient.request(port, request);
  await client.readUntil("\r\n\r\n");
  const [head = ""] = client.received.split("\r\n\r\n");
  return head.toLowerCase().split("\r\n").filter((line) =>
    !/^(date|connection|keep-alive|content-length|transfer-encoding|socket-session):/
      .test(line)
  ).sort();
}

Deno.test("HEAD has over a socket what GET has, for every kind of answer", async () => {
  await withServer((request) => {
    const row = ANSWER_ROWS[Number(new URL(request.url).pathname.slice(1))];
    assert(row);
    return row.serve(request, {});
  }, async (port) => {
    for (const [index, { name, headers = {} }] of ANSWER_ROWS.entries()) {
      const path = `/${index}`;
      const get = await readHead(port, path, "GET", headers);
      const head = await readHead(port, path, "HEAD", headers);
      assertEquals(head, get, name);
    }
  });
});
