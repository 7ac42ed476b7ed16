// Copyright 2026 the Tidings authors. MIT license.

/** POSTs whose client leaves in the middle: the server's log stays empty. */

import { assert, assertEquals } from "@std/assert";
import { within } from "../support/within.ts";

const SERVER = new URL("_broken_server.ts", import.meta.url);
const MAX_POLLS = 500;
/** What Deno says once of a process that listens to the signal of a request. */
const SIGNAL_NOTE_REGEXP = /^Deno\.serve: request\.signal aborts .*\n/m;

/** Starts the server, and gives its ports and what it prints to stderr until it ends. */
async function start(): Promise<{
  ports: number[];
  end: () => Promise<string>;
}> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", SERVER.pathname],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value } = await within("the ports", lines.read());
  return {
    ports: JSON.parse(value ?? "[0, 0]"),
    async end() {
      child.kill("SIGKILL");
      await child.status;
      await lines.cancel();
      return (await stderr).replace(SIGNAL_NOTE_REGEXP, "");
    },
  };
}

async function get(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await within(
    "an answer",
    fetch(`http://127.0.0.1:${port}${path}`, { headers }),
  );
}

/** Beginnings of a POST that has more to come. */
const BEGINNINGS: Record<string, string> = {
  "nothing of a body": "content-length: 1000\r\n\r\n",
  "the middle of an event": "content-length: 1000\r\n\r\nid: 1\ndata: a",
  "whole events": "content-length: 1000\r\n\r\nid: 1\ndata: a\n\n",
  "a piece of a chunk": "transfer-encoding: chunked\r\n\r\n10\r\nid: ",
  "a whole chunk": "transfer-encoding: chunked\r\n\r\n5\r\nid: 1\r\n",
};

/** Sends the beginning of a POST, and leaves when its server has begun with it. */
async function breakOff(
  port: number,
  path: string,
  session: string,
  beginning: string,
): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const head = `POST ${path} HTTP/1.1\r\nhost: a\r\nsocket-session: ${session}`;
  await connection.write(
    new TextEncoder().encode(`${head}\r\n${beginning}`),
  );
  await untilOpen(port, (count) => count > 0);
}

async function untilOpen(
  port: number,
  isReached: (count: number) => boolean,
): Promise<void> {
  for (let polls = 0; polls < MAX_POLLS; polls++) {
    if (isReached(Number(await (await get(port, "/open")).text()))) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert(false, "the number of open requests stays");
}

for (const path of ["/socket", "/events", "/channel", "/run"]) {
  Deno.test(`the server's process prints nothing of POSTs to ${path} that are broken off`, async () => {
    const { ports, end } = await start();
    try {
      for (const port of ports) {
        const stream = await get(port, "/socket", { "socket-session": "new" });
        const session = stream.headers.get("socket-session") ?? "";
        for (const beginning of Object.values(BEGINNINGS)) {
          await breakOff(port, path, session, beginning);
          await untilOpen(port, (count) => count === 0);
        }
        // The session goes on.
        const headers = { "socket-session": session };
        const answer = await fetch(`http://127.0.0.1:${port}/socket`, {
          method: "POST",
          headers,
          body: ": nothing\n\n",
        });
        assertEquals([answer.status, await answer.text()], [204, ""]);
        await stream.body?.cancel();
      }
    } finally {
      assertEquals(await end(), "");
    }
  });
}
