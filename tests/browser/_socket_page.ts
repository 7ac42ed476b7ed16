// Copyright 2026 the Tidings authors. MIT license.

/** Puts into a page what its tests use. */

import { createClient } from "npm:graphql-ws@6.4.2";
import { EventStreamSocket } from "../../socket/mod.ts";

class ImpatientSocket extends EventStreamSocket {
  constructor(url: string, protocols: string) {
    super(url, protocols, {
      reconnectionTime: 1,
      backoff: { maxDelay: 10 },
    });
  }
}

/** Subscribes to numbers and collects them to the end. */
async function subscribe(url: string, from: number): Promise<unknown[]> {
  // The first connection may be broken before it is open.
  const client = createClient({ url, webSocketImpl: ImpatientSocket });
  const query = `subscription { tick(from: ${from}) }`;
  const numbers: unknown[] = [];
  for await (const { data } of client.iterate({ query })) {
    numbers.push(data?.["tick"]);
  }
  await client.dispose();
  return numbers;
}

Object.assign(globalThis, { EventStreamSocket, subscribe });
