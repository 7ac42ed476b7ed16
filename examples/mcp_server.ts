// Copyright 2026 the Tidings authors. MIT license.

/**
 * An MCP server that keeps its messages in logs by name, so that a client whose
 * connection drops can resume. Here the logs are in memory. `DenoKvEventLogs` and
 * `RedisEventLogs` keep them for many processes.
 *
 * ```sh
 * deno run -N -E examples/mcp_server.ts
 * ```
 */

import { McpServer } from "npm:@modelcontextprotocol/sdk@1.32.2/server/mcp.js";
import { WebStandardStreamableHTTPServerTransport } from "npm:@modelcontextprotocol/sdk@1.32.2/server/webStandardStreamableHttp.js";
import { type EventLogs, MemoryEventLogs } from "@tidings/sse/log";

// Milliseconds for which a stream is kept after its last message.
const KEPT_FOR = 3_600_000;

/** Sends a message of the SDK under an ID. */
type Send = (id: string, message: unknown) => Promise<void>;

/** The event store of the SDK, in which each stream is a log. */
function makeEventStore(logs: EventLogs) {
  return {
    async storeEvent(stream: string, message: unknown): Promise<string> {
      const log = logs.open(stream, { expireIn: KEPT_FOR });
      const id = await log.append({ data: JSON.stringify(message) });
      return `${id}/${stream}`;
    },
    async replayEventsAfter(
      lastEventId: string,
      { send }: { send: Send },
    ): Promise<string> {
      const [cursor = "", ...rest] = lastEventId.split("/");
      const stream = rest.join("/");
      for (let after = cursor;;) {
        const batch = await logs.open(stream).read(after);
        if (batch.events.length === 0) return stream;
        for (const { id, data = "" } of batch.events) {
          await send(`${id}/${stream}`, JSON.parse(data));
        }
        after = batch.cursor;
      }
    },
  };
}

/** What the SDK passes to a tool with each call. */
interface CallExtra {
  _meta?: { progressToken?: string | number };
  sendNotification(notification: unknown): Promise<void>;
  closeSSEStream?: () => void;
}

const server = new McpServer({ name: "count", version: "1.0.0" });
server.registerTool(
  "count",
  { description: "Counts to six" },
  async (extra: CallExtra) => {
    for (let progress = 1; progress <= 6; progress++) {
      const progressToken = extra._meta?.progressToken ?? "";
      await extra.sendNotification({
        method: "notifications/progress",
        params: { progressToken, progress, total: 6 },
      });
      // The connection drops, and the client reconnects by itself.
      if (progress === 3) extra.closeSSEStream?.();
    }
    return { content: [{ type: "text", text: "Six" }] };
  },
);

const transport = new WebStandardStreamableHTTPServerTransport({
  sessionIdGenerator: () => crypto.randomUUID(),
  eventStore: makeEventStore(new MemoryEventLogs()),
  retryInterval: 100,
});
await server.connect(transport);

// Anyone who reaches this server may write. Remove `hostname` when it authenticates.
Deno.serve(
  { hostname: "127.0.0.1" },
  (request) => transport.handleRequest(request),
);
