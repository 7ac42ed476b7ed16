// Copyright 2026 the Tidings authors. MIT license.

/** What `toNodeHandler()` and the streams behind it make the process warn of: nothing. */

import { assertEquals } from "@std/assert";
import http from "node:http";
import process from "node:process";
import { EventChannel } from "../../channel.ts";
import { connect } from "../../client.ts";
import { MemoryEventLogs } from "../../log.ts";
import type { FetchHandler } from "../../node/mod.ts";
import { EventRuns } from "../../runs/mod.ts";
import { serveEvents } from "../../server.ts";
import {
  PROTOCOLS,
  readText,
  withHttp1Server,
} from "../support/node_server.ts";
import { within } from "../support/within.ts";

const STREAMS = 20;

/** Makes a handler for streams that end with a signal, and what ends the rest. */
type MakeHandler = (
  signal: AbortSignal,
) => { handler: FetchHandler; close?: () => unknown };

const SERVERS: Record<string, MakeHandler> = {
  "serveEvents()": (signal) => ({
    handler: (request) => serveEvents(request, () => {}, { signal }),
  }),
  "EventChannel.serve()": (signal) => {
    const channel = new EventChannel();
    const handler: FetchHandler = (request) =>
      channel.serve(request, { signal });
    return { handler, close: () => channel.close() };
  },
  "EventRuns.serve()": (signal) => {
    const logs = new MemoryEventLogs();
    const runs = new EventRuns({ logs });
    const handler: FetchHandler = async (request) => {
      await runs.start("a", async function* () {
        yield { data: "a" };
        await new Promise((resolve) =>
          signal.addEventListener("abort", resolve, { once: true })
        );
      });
      return await runs.serve("a", request);
    };
    return {
      handler,
      async close() {
        await runs.close();
        logs.close();
      },
    };
  },
};

/** Runs a function, and gives what the process has warned of meanwhile. */
async function collectWarnings(run: () => Promise<void>): Promise<string[]> {
  const warnings: string[] = [];
  const onWarning = ({ name, message }: Error): void => {
    warnings.push(`${name}: ${message}`);
  };
  // A warning is told in a later turn of the event loop, also one of an earlier test: tests
  // that wait for promises alone all run in one turn.
  const nextTurn = () => new Promise((resolve) => setTimeout(resolve, 0));
  await nextTurn();
  process.on("warning", onWarning);
  try {
    await run();
    await nextTurn();
  } finally {
    process.off("warning", onWarning);
  }
  return warnings;
}

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  for (const [name, make] of Object.entries(SERVERS)) {
    Deno.test(`toNodeHandler() warns of nothing where ${STREAMS} streams of ${name} share the signal of a shutdown, ${protocol}`, async () => {
      const shutdown = new AbortController();
      const { handler, close } = make(shutdown.signal);
      const warnings = await collectWarnings(() =>
        withNodeServer(handler, async ({ begin }) => {
          const exchanges = Array.from({ length: STREAMS }, () => begin());
          for (const { upload } of exchanges) upload.end();
          for (const { head } of exchanges) await within("a head", head);
          const bodies = exchanges.map(({ body }) => readText(body()));
          shutdown.abort();
          await within("the ends", Promise.all(bodies));
        })
      );
      assertEquals(warnings, []);
      await close?.();
    });
  }
}

Deno.test(`toNodeHandler() warns of nothing where a connection carries ${STREAMS} streams, one after the other`, async () => {
  const handler: FetchHandler = (request) =>
    serveEvents(request, [{ data: "a" }]);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const warnings = await collectWarnings(() =>
    withHttp1Server(handler, async ({ port }) => {
      for (let i = 0; i < STREAMS; i++) {
        const request = http.get({ host: "127.0.0.1", port, agent });
        const text = new Promise<string>((resolve, reject) => {
          request.on("response", (body) => resolve(readText(body)));
          request.on("error", reject);
        });
        assertEquals(await within("a body", text), "data: a\n\n");
      }
      agent.destroy();
    })
  );
  assertEquals(warnings, []);
});

Deno.test(`connect() warns of nothing where ${STREAMS} connections to a server share a signal`, async () => {
  const shutdown = new AbortController();
  const { signal } = shutdown;
  const handler: FetchHandler = (request) =>
    serveEvents(request, async function* ({ closed }) {
      yield { data: "a" };
      await closed;
    });
  const warnings = await collectWarnings(() =>
    withHttp1Server(handler, async ({ port }) => {
      const connections = Array.from(
        { length: STREAMS },
        () => connect(`http://127.0.0.1:${port}/`, { signal }),
      );
      for (const connection of connections) {
        const { value } = await within("an event", connection.next());
        assertEquals(value?.data, "a");
      }
      shutdown.abort();
      for (const connection of connections) {
        assertEquals((await within("the end", connection.next())).done, true);
      }
    })
  );
  assertEquals(warnings, []);
});
