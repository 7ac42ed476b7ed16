// Copyright 2026 the Tidings authors. MIT license.

/**
 * A program for Deno and Node whose client counts what comes, and whose process the test
 * stops meanwhile. It prints each number, and what goes wrong.
 *
 * @module
 */

import process from "node:process";
import { connect, EventSource } from "../../client.ts";
import { EventStreamSocket } from "../../socket/mod.ts";

const [client = "", url = "", last = "", idleTimeout = ""] = process.argv
  .slice(2);
const options = { idleTimeout: Number(idleTimeout), reconnectionTime: 1 };

function take(data: string): void {
  console.log(data);
  if (Number(data) >= Number(last)) process.exit(0);
}

async function read(init: RequestInit): Promise<void> {
  const { method } = init;
  try {
    for await (const { data } of connect(url, { ...options, method })) {
      take(data);
    }
    console.log("done");
  } catch (error) {
    console.log(`failed: ${(error as Error).message}`);
  }
}

if (client === "connect") await read({});
if (client === "post") await read({ method: "POST" });
if (client === "event-source") {
  const source = new EventSource(url, options);
  source.onmessage = ({ data }) => take(data);
  source.onerror = () => console.log("error");
}
if (client === "socket") {
  const socket = new EventStreamSocket(url, [], options);
  socket.onmessage = ({ data }) => {
    socket.send(data);
    take(data);
  };
  socket.onclose = ({ code, reason }) =>
    console.log(`closed with ${code} ${reason}`);
}
