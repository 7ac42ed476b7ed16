// Copyright 2026 the Tidings authors. MIT license.

/** The example of an MCP server, with that SDK's own client, through a drop. */

import { assertEquals } from "@std/assert";
import { Client } from "npm:@modelcontextprotocol/sdk@1.32.2/client/index.js";
import { StreamableHTTPClientTransport } from "npm:@modelcontextprotocol/sdk@1.32.2/client/streamableHttp.js";
import { ExampleProcess } from "../support/example_process.ts";
import { within } from "../support/within.ts";

Deno.test("examples: mcp_server.ts goes on after a drop, with each message once", async () => {
  await using example = await ExampleProcess.start([
    "run",
    "-N",
    "-E",
    "examples/mcp_server.ts",
  ]);
  const methods: string[] = [];
  const transport = new StreamableHTTPClientTransport(new URL(example.url), {
    fetch: (url: string | URL, init?: RequestInit) => {
      const { method = "GET", headers } = init ?? {};
      const isResumed = new Headers(headers).has("last-event-id");
      methods.push(isResumed ? "resume" : method);
      return fetch(url, init);
    },
  });
  const client = new Client({ name: "test", version: "1.0.0" });
  await within("connect()", client.connect(transport));
  try {
    const progress: number[] = [];
    const result = await within(
      "callTool()",
      client.callTool({ name: "count", arguments: {} }, undefined, {
        onprogress: (event: { progress: number }) =>
          progress.push(event.progress),
      }),
    );
    assertEquals((result as { content: unknown }).content, [{
      type: "text",
      text: "Six",
    }]);
    assertEquals(progress, [1, 2, 3, 4, 5, 6]);
    assertEquals(methods.filter((method) => method === "resume").length, 1);
  } finally {
    await client.close();
  }
});
