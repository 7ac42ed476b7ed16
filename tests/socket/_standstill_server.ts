// Copyright 2026 the Tidings authors. MIT license.

/** A server of sockets that a test stops: it prints its port, and says hello to each. */

import { serveSocket } from "../../socket/server.ts";

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(port),
}, (request) =>
  serveSocket(request, (socket) => {
    socket.onopen = () => socket.send("hello");
  }, { sessionTimeout: Number(Deno.args[0]) }));
