// Copyright 2026 the Tidings authors. MIT license.

/**
 * A server of sockets in a process of its own, so that its memory can be limited and
 * read. A socket sends as many characters as a message says. `/memory` answers with the
 * bytes that the process takes.
 */

import { serveSocket } from "../../socket/server.ts";

const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen() {} },
  (request) => {
    if (new URL(request.url).pathname === "/memory") {
      return Response.json(Deno.memoryUsage());
    }
    return serveSocket(request, (socket) => {
      socket.onmessage = ({ data }) => socket.send("a".repeat(Number(data)));
    });
  },
);
console.log(server.addr.port);
