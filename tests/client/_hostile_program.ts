// Copyright 2026 the Tidings authors. MIT license.

/**
 * A program for Node that runs each client against a server until it gives up, and
 * then says so on a line of its own: what ends the process comes before that.
 *
 * @module
 */

import process from "node:process";
import { connect, EventSource } from "../../client.ts";
import { readEvents } from "../../parser.ts";
import { EventStreamSocket } from "../../socket/mod.ts";

// Cannot fail: the test gives it.
const url = process.argv[2]!;
const options = {
  reconnectionTime: 1,
  backoff: { maxAttempts: 2, maxDelay: 1 },
};

await report("connect()", async () => {
  for await (const _ of connect(url, options));
});
await report("EventSource", () =>
  new Promise((_, reject) => {
    const source = new EventSource(url, options);
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) reject(new Error("closed"));
    };
  }));
await report("EventStreamSocket", () =>
  new Promise((_, reject) => {
    const socket = new EventStreamSocket(url, [], options);
    socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
  }));
await report("readEvents(fetch())", async () => {
  for await (const _ of readEvents(await fetch(url)));
});
process.exit(0);

async function report(
  client: string,
  run: () => Promise<unknown>,
): Promise<void> {
  let outcome = "done";
  try {
    await run();
  } catch (error) {
    outcome = `failed: ${(error as Error).message}`;
  }
  // An error that nobody listens to is emitted in a later turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 10));
  console.log(`${client} ${outcome}`);
}
