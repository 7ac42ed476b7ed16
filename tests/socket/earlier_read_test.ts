// Copyright 2026 the Tidings authors. MIT license.

/**
 * POSTs of a socket whose body other code has read before `serveSocket()`: otherwise their
 * messages would be lost, and the client told that they have arrived.
 */

import { assert, assertEquals } from "@std/assert";
import { EventStreamSocket } from "../../socket/mod.ts";
import { serveSocket } from "../../socket/server.ts";
import { recordWarnings } from "../support/warnings.ts";
import { within } from "../support/within.ts";
import { event, record } from "./_kinds.ts";

const REASON =
  "Cannot receive messages: other code has read the POST's body; mount serveSocket() before body parsers";
const ADVICE =
  "; mount the handler before express.json() and whatever else reads bodies";

/** What other code makes of a POST, and what the warning says. */
interface Row {
  name: string;
  spoil: (request: Request) => Request | Promise<Request>;
  warning: string;
}

const READ = "other code has read it";
const LEFT_OUT = 'other code has left none of its "content-length" bytes';

/** Makes a request with the same head and another body. */
async function withBody(
  request: Request,
  body: ReadableStream<Uint8Array> | string | null,
): Promise<Request> {
  const { length } = await request.text();
  const headers = new Headers(request.headers);
  headers.set("content-length", `${length}`);
  const init: RequestInit & { duplex: "half" } = {
    method: "POST",
    headers,
    body,
    duplex: "half",
  };
  return new Request(request.url, init);
}

const ROWS: Row[] = [
  {
    name: "as text",
    async spoil(request) {
      await request.text();
      return request;
    },
    warning: READ,
  },
  {
    name: "as JSON, which it is not",
    async spoil(request) {
      await request.json().catch(() => {});
      return request;
    },
    warning: READ,
  },
  {
    name: "in part",
    async spoil(request) {
      const reader = request.body!.getReader();
      await reader.read();
      reader.releaseLock();
      return request;
    },
    warning: READ,
  },
  {
    name: "and is still reading it",
    spoil(request) {
      request.body!.getReader();
      return request;
    },
    warning: READ,
  },
  {
    name: "and has left it out",
    spoil: (request) => withBody(request, null),
    warning: LEFT_OUT,
  },
  {
    name: "and has made an empty stream of it",
    spoil: (request) => withBody(request, new Blob([]).stream()),
    warning: LEFT_OUT,
  },
  {
    name: "and has made an empty text of it",
    spoil: (request) => withBody(request, ""),
    warning: LEFT_OUT,
  },
];

for (const { name, spoil, warning } of ROWS) {
  Deno.test(`serveSocket() closes the socket at once if other code has read a POST ${name}`, async () => {
    const seen: string[] = [];
    const lines: string[] = [];
    const shutdown = new AbortController();
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) =>
        await serveSocket(
          request.method === "POST" ? await spoil(request) : request,
          (socket) => void record(socket, seen),
          { signal: shutdown.signal },
        ),
    );
    using recorder = recordWarnings();
    const socket = new EventStreamSocket(
      `http://127.0.0.1:${server.addr.port}/`,
    );
    record(socket, lines);
    await event(socket, "open");
    socket.send("a");
    await event(socket, "close");
    assertEquals(lines, [
      "open (open)",
      `close 1011 ${JSON.stringify(REASON)} clean (closed)`,
    ]);
    assertEquals(seen, [
      "open (open)",
      "error (closed)",
      `close 1011 ${JSON.stringify(REASON)} unclean (closed)`,
    ]);
    assert(recorder.warnings.length > 0);
    for (const { code, message } of recorder.warnings) {
      assertEquals(code, "TIDINGS_HANDLER");
      assertEquals(
        message,
        `A POST to a socket cannot be read: Cannot read request body: ${warning}${ADVICE}`,
      );
    }
    shutdown.abort();
  });
}

Deno.test("serveSocket() takes a POST without a body, and one whose first chunk is empty", async () => {
  const shutdown = new AbortController();
  const seen: string[] = [];
  const serve = async (init: RequestInit) =>
    await serveSocket(
      new Request("http://localhost/", init),
      (socket) => void record(socket, seen),
      { signal: shutdown.signal },
    );
  const response = await serve({ headers: { "socket-session": "new" } });
  const reader = response.body!.getReader();
  await within("the event open", reader.read());
  const session = response.headers.get("socket-session") ?? "";
  const chunks = ["", "data: a\nid: 1\n\n"];
  const body = ReadableStream.from(
    chunks.map((chunk) => new TextEncoder().encode(chunk)),
  );
  for (
    const init of [
      {},
      { body: "" },
      { body, duplex: "half", headers: { "content-length": "15" } },
    ]
  ) {
    const headers = { ...init.headers, "socket-session": session };
    const { status } = await serve({ ...init, method: "POST", headers });
    assertEquals(status, 204);
  }
  assertEquals(seen, ["open (open)", 'message "a"']);
  shutdown.abort();
  await reader.cancel();
});
