// Copyright 2026 the Tidings authors. MIT license.

/** The example of an MCP server, with that SDK's own client, through a drop. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Client } from "npm:@modelcontextprotocol/sdk@1.32.2/client/index.js";
import { StreamableHTTPClientTransport } from "npm:@modelcontextprotocol/sdk@1.32.2/client/streamableHttp.js";
import { readEvents } from "../../parser.ts";
import { ExampleProcess } from "../support/example_process.ts";
import { within } from "../support/within.ts";

/** Starts the example. */
function start(): Promise<ExampleProcess> {
  return ExampleProcess.start(["run", "-N", "-E", "examples/mcp_server.ts"]);
}

/** One session, by hand. */
class RawSession {
  id = "";
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async open(): Promise<this> {
    const response = await this.post("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "test", version: "1.0.0" },
    });
    await response.text();
    this.id = response.headers.get("mcp-session-id") ?? "";
    return this;
  }

  async request(
    method: string,
    headers: Record<string, string> = {},
    body: BodyInit | null = null,
  ): Promise<Response> {
    const request = fetch(this.#url, {
      method,
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": "2025-11-25",
        ...(this.id === "" ? {} : { "mcp-session-id": this.id }),
        ...headers,
      },
      body,
    });
    return await within("an answer", request);
  }

  async post(method: string, params: unknown): Promise<Response> {
    const message = { jsonrpc: "2.0", id: 1, method, params };
    return await this.request("POST", {}, JSON.stringify(message));
  }

  /** Calls the tool, and gives the IDs that come until the connection drops. */
  async call(): Promise<string[]> {
    const response = await this.post("tools/call", {
      name: "count",
      arguments: {},
      _meta: { progressToken: 1 },
    });
    const ids: string[] = [];
    for await (const { id = "" } of readEvents(response)) ids.push(id);
    return ids;
  }
}

Deno.test("examples: mcp_server.ts goes on after a drop, with each message once", async () => {
  await using example = await start();
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

Deno.test("examples: mcp_server.ts serves many clients, each its own messages", async () => {
  await using example = await start();
  const sessions = [1, 2, 3].map(() => new RawSession(example.url).open());
  const [ada, bob] = await Promise.all(sessions);
  assert(ada !== undefined && bob !== undefined && ada.id !== bob.id);
  const [ids, ofBob] = await Promise.all([ada.call(), bob.call()]);
  assert(ids.length > 0 && ofBob.length > 0);
  // The SDK gives the ID before the first message as well: all that follows comes again.
  const resumed = await ada.request("GET", { "last-event-id": ids[0]! });
  assertEquals(resumed.status, 200);
  const events = readEvents(resumed);
  for (const id of ids.slice(1)) {
    assertEquals((await within("an event", events.next())).value?.id, id);
  }
  await events.return?.();
  const stranger = ids[0]!;
  const [cursor = "", stream = ""] = stranger.split("/");
  const unknown = [
    "nonsense",
    "1",
    `/${stream}`,
    `${cursor}/`,
    `${cursor}/nonsense`,
    `nonsense/${stream}`,
    `${cursor}/_GET_stream`,
    `${cursor}/../${ada.id}/${stream}`,
    `${cursor}/${ada.id}/${stream}`,
    `${cursor}/${"a".repeat(5000)}`,
    stranger,
  ];
  for (const id of unknown) {
    const response = await bob.request("GET", { "last-event-id": id });
    assertEquals(response.status, 400, id.slice(0, 60));
    assertStringIncludes(await response.text(), "Invalid event ID");
  }
});

Deno.test("examples: mcp_server.ts refuses sessions that are over or unknown", async () => {
  await using example = await start();
  const session = await new RawSession(example.url).open();
  const ended = await session.request("DELETE");
  await ended.body?.cancel();
  assertEquals(ended.status, 200);
  for (const id of [session.id, crypto.randomUUID()]) {
    session.id = id;
    const response = await session.post("tools/list", {});
    assertEquals(response.status, 404);
    assertStringIncludes(await response.text(), "Session not found");
  }
  session.id = "";
  const response = await session.post("tools/list", {});
  assertEquals(response.status, 400);
  await response.body?.cancel();
});
