// Copyright 2026 the Tidings authors. MIT license.

/** A server that stands still does not end the sessions of clients that come meanwhile. */

import { assertEquals } from "@std/assert";
import { readEvents } from "../../parser.ts";
import { IMPORT_MAP_ARGS } from "../support/import_map.ts";
import { findLine, linesOf } from "../support/process_lines.ts";
import { hasSignals, sendSignal, signalNote } from "../support/send_signal.ts";
import { within } from "../support/within.ts";

/** Milliseconds that the server waits for a client, and for which it stands still. */
const SESSION_TIMEOUT = 400;
const STANDSTILL = 1200;

Deno.test({
  name:
    `serveSocket() keeps the session of a client that comes back while its process stands still${signalNote}`,
  ignore: !hasSignals,
  async fn() {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        ...IMPORT_MAP_ARGS,
        "tests/socket/_standstill_server.ts",
        `${SESSION_TIMEOUT}`,
      ],
      cwd: new URL("../../", import.meta.url),
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const lines = linesOf(child.stdout).getReader();
    try {
      const [port] = await findLine(lines, /^\d+$/);
      const url = `http://127.0.0.1:${port}/`;
      const open = await fetch(url, { headers: { "socket-session": "new" } });
      const session = open.headers.get("socket-session") ?? "";
      const events = readEvents(open);
      for (const type of ["open", "message"]) {
        const { value } = await within(type, events.next());
        assertEquals(value?.event, type);
      }
      await events.return?.();
      // The server has seen that the client has left once it answers another request.
      const { status } = await fetch(url, { method: "HEAD" });
      assertEquals(status, 400);
      sendSignal(child, "SIGSTOP");
      const back = fetch(url, { headers: { "socket-session": session } });
      await new Promise((resolve) => setTimeout(resolve, STANDSTILL));
      sendSignal(child, "SIGCONT");
      const response = await within("the stream", back);
      assertEquals(response.status, 200);
      await response.body?.cancel();
    } finally {
      sendSignal(child, "SIGKILL");
      await child.status;
      await lines.cancel();
    }
  },
});
