// Copyright 2026 the Tidings authors. MIT license.

/**
 * A clock. Each client has a source of its own, which ends when the client leaves.
 *
 * ```sh
 * deno run -N examples/server.ts
 * ```
 */

import { serveEvents } from "@tidings/sse/server";

const PAGE = `<!doctype html>
<title>A clock</title>
<p>It is <time>…</time>
<script type="module">
  new EventSource("/events").addEventListener("time", (event) => {
    document.querySelector("time").textContent = event.data;
  });
</script>
`;

Deno.serve((request) => {
  if (new URL(request.url).pathname !== "/events") {
    return new Response(PAGE, {
      headers: { "content-type": "text/html; charset=utf-8" },
    });
  }
  return serveEvents(request, (session) => {
    const tick = () =>
      session.send({ event: "time", data: new Date().toISOString() });
    const timer = setInterval(tick, 1000);
    session.signal.addEventListener("abort", () => clearInterval(timer));
    tick();
  });
});
