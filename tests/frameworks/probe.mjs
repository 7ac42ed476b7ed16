// Copyright 2026 the Tidings authors. MIT license.

/**
 * Loaded before a program of `docs/frameworks.md`, so that the program stays as it is
 * printed. It prints the port, and the count of clients whenever that changes, and
 * publishes an event on SIGWINCH. It does not keep the process alive.
 *
 * @module
 */

import { Server } from "node:net";
import process from "node:process";
import { setInterval } from "node:timers";
import { EventChannel } from "@tidings/sse/channel";

/** All channels that have served a request. A bundled program adds its own. */
const channels = globalThis.channels = new Set();
let last = 0;

const { serve } = EventChannel.prototype;
EventChannel.prototype.serve = function (...args) {
  channels.add(this);
  return serve.apply(this, args);
};

const platform = globalThis.Bun ?? globalThis.Deno;
if (platform === undefined) {
  const { listen } = Server.prototype;
  Server.prototype.listen = function (...args) {
    this.once("listening", () => console.log(`port: ${this.address().port}`));
    if (process.env.FREE_PORT === "1") takeFreePort(args);
    return listen.apply(this, args);
  };
} else {
  const { serve } = platform;
  platform.serve = (...args) => {
    const server = serve(...args);
    console.log(`port: ${server.port ?? server.addr.port}`);
    return server;
  };
}

/** For a framework that takes 0 for no port. */
function takeFreePort(args) {
  if (typeof args[0] === "object") args[0] = { ...args[0], port: 0 };
  else args[0] = 0;
}

// Nest takes each signal that may end a process as one that has to.
process.on("SIGWINCH", () => {
  for (const channel of channels) channel.publish({ data: "from the server" });
});

setInterval(() => {
  let clients = 0;
  for (const channel of channels) clients += channel.size;
  if (clients !== last) console.log(`clients: ${clients}`);
  last = clients;
}, 20).unref();
