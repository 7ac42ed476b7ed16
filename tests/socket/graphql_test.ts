// Copyright 2026 the Tidings authors. MIT license.

/** `graphql-ws`, which was written for `WebSocket`, runs on a socket unchanged. */

import { assertEquals, assertGreater } from "@std/assert";
import { createClient } from "npm:graphql-ws@6.4.2";
import { EventStreamSocket } from "../../socket/mod.ts";
import { serveSocket } from "../../socket/server.ts";
import { DroppingProxy } from "../support/dropping_proxy.ts";
import { COUNT, GRAPHQL_PROTOCOL, serveGraphQL } from "./_graphql_server.ts";
import { Random } from "../support/random.ts";
import { within } from "../support/within.ts";

Deno.test("EventStreamSocket carries graphql-ws, with subscriptions over many drops", async () => {
  const shutdown = new AbortController();
  await using server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      // Connections break: these responses are not read.
      onError: () => new Response(null, { status: 400 }),
    },
    (request) =>
      serveSocket(request, serveGraphQL, {
        protocols: [GRAPHQL_PROTOCOL],
        signal: shutdown.signal,
      }),
  );
  await using proxy = new DroppingProxy(server.addr.port, new Random(1));
  const url = `http://127.0.0.1:${proxy.port}/graphql`;
  let connections = 0;
  const client = createClient({
    url,
    webSocketImpl: class extends EventStreamSocket {
      constructor(url: string, protocols: string) {
        super(url, protocols, {
          reconnectionTime: 1,
          backoff: { maxDelay: 10 },
        });
      }
    },
    retryAttempts: 0,
    on: { connected: () => void connections++ },
    lazy: false,
    onNonLazyError: () => {},
  });
  const { value } = await within(
    "the query",
    client.iterate({ query: "{ hello }" }).next(),
  );
  assertEquals({ ...value?.data }, { hello: "world" });

  proxy.limit = 10_000;
  const received = await within(
    "the subscriptions",
    Promise.all([0, 1000, 2000].map(async (from) => {
      const query = `subscription { tick(from: ${from}) }`;
      const numbers: unknown[] = [];
      for await (const { data } of client.iterate({ query })) {
        numbers.push(data?.["tick"]);
      }
      return numbers;
    })),
  );
  for (const [index, numbers] of received.entries()) {
    assertEquals(
      numbers,
      Array.from({ length: COUNT }, (_, i) => index * 1000 + i),
    );
  }
  assertGreater(proxy.drops, 5);
  assertEquals(connections, 1);

  proxy.limit = Infinity;
  const closed = new Promise((resolve) => client.on("closed", resolve));
  await client.dispose();
  await within("the end", closed);
  shutdown.abort();
});
