// Copyright 2026 the Tidings authors. MIT license.

/** A quiet stream under the defaults of the runtime's own server, and under ours. */

import { assert, assertEquals } from "@std/assert";
import { checkResponseOptions } from "../../_server/option_checks.ts";
import { EventChannel } from "../../channel.ts";
import { EventRuns } from "../../runs/mod.ts";
import { serveEvents } from "../../server.ts";
import { serveSocket } from "../../socket/server.ts";
import { RawClient, withServer } from "../support/raw_client.ts";

const IS_BUN = "Bun" in globalThis;

Deno.test("keepAlive is 5 seconds in Bun and 15 elsewhere", () => {
  const { keepAlive } = checkResponseOptions("serve events", {});
  assertEquals(keepAlive, IS_BUN ? 5000 : 15_000);
});

/** Milliseconds, more than the 10 to 12 seconds after which Bun closes a connection. */
const LONG = 13_000;

Deno.test(
  "streams of every room live in Bun with its defaults, however quiet they are",
  {
    ignore: !IS_BUN,
  },
  async () => {
    const channel = new EventChannel();
    const runs = new EventRuns();
    await runs.start("a", async function* ({ signal }) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      yield { data: "1" };
    });
    const shutdown = new AbortController();
    const { signal } = shutdown;
    await withServer((request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/channel") return channel.serve(request);
      if (pathname === "/run") return runs.serve("a", request);
      if (pathname === "/socket") {
        return serveSocket(request, () => {}, { signal });
      }
      return serveEvents(request, () => {}, { signal });
    }, async (port) => {
      const clients: RawClient[] = [];
      for (const path of ["/events", "/channel", "/run", "/socket"]) {
        const headers = { "socket-session": "new" };
        clients.push(await RawClient.request(port, { path, headers }));
      }
      const begin = performance.now();
      await Promise.all(clients.map(async (client) => {
        while (performance.now() - begin < LONG) {
          // The next comment, and no end of the connection.
          client.received = "";
          await client.readUntil(":\n\n");
        }
      }));
      assert(performance.now() - begin >= LONG);
      shutdown.abort();
      await Promise.all([channel.close(), runs.close()]);
      for (const client of clients) client.leave();
    });
  },
);
