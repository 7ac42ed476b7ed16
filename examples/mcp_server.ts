// Copyright 2026 the Tidings authors. MIT license.

/**
 * An MCP server that keeps its messages in logs by name, so that a client whose
 * connection drops can resume. Here the logs are in memory. `DenoKvEventLogs` and
 * `RedisEventLogs` keep them for many processes. Each session has a server, a transport
 * and logs of its own.
 *
 * It speaks the versions of the MCP specification from 2025-03-26 to 2025-11-25. The
 * version of 2026-07-28 no longer has resumption by server-sent events, and no sessions: a
 * client whose stream breaks makes the request again.
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
const MAX_SESSIONS = 1000;
/** The ID of an event in its log, and the name that the SDK gives the stream. */
const EVENT_ID_REGEXP = /^([^/]+)\/([\w-]{1,64})$/;

/** Sends a message of the SDK under an ID. */
type Send = (id: string, message: unknown) => Promise<void>;

/**
 * The event store of one session, in which each stream is a log. The SDK names streams by
 * themselves: all sessions have one named `_GET_stream`. A session that looked into a log
 * of another would get its messages.
 */
function makeEventStore(logs: EventLogs, session: string) {
  const open = (stream: string) =>
    logs.open(`${session}/${stream}`, { expireIn: KEPT_FOR });
  return {
    async storeEvent(stream: string, message: unknown): Promise<string> {
      const id = await open(stream).append({ data: JSON.stringify(message) });
      return `${id}/${stream}`;
    },
    /** Without a stream, the SDK refuses the ID: a gap means that the log lacks it. */
    async getStreamIdForEventId(eventId: string): Promise<string | undefined> {
      const [, id = "", stream = ""] = EVENT_ID_REGEXP.exec(eventId) ?? [];
      if (stream === "") return undefined;
      return (await open(stream).read(id)).gap ? undefined : stream;
    },
    async replayEventsAfter(
      lastEventId: string,
      { send }: { send: Send },
    ): Promise<string> {
      const [cursor = "", stream = ""] = lastEventId.split("/");
      for (let after = cursor;;) {
        const batch = await open(stream).read(after);
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

/** Makes the server of one session: the SDK's own serves one client. */
function makeServer(): McpServer {
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
  return server;
}

const logs = new MemoryEventLogs();
/** The sessions by ID; the one that was used last is the last. */
const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();

/** Opens a session. It counts once its first request has initialized it. */
async function openSession(): Promise<
  WebStandardStreamableHTTPServerTransport
> {
  const session = crypto.randomUUID();
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => session,
    onsessioninitialized: () => keep(session, transport),
    onsessionclosed: () => void sessions.delete(session),
    eventStore: makeEventStore(logs, session),
    retryInterval: 100,
  });
  await makeServer().connect(transport);
  return transport;
}

/** Keeps a session as the one that was used last. */
async function keep(
  id: string,
  transport: WebStandardStreamableHTTPServerTransport,
): Promise<void> {
  sessions.delete(id);
  sessions.set(id, transport);
  // Clients may go without a word. The session that was not used for longest ends.
  const [[oldest, unused] = []] = sessions;
  if (sessions.size <= MAX_SESSIONS || oldest === undefined) return;
  sessions.delete(oldest);
  await unused?.close();
}

async function handle(request: Request): Promise<Response> {
  const id = request.headers.get("mcp-session-id");
  if (id === null) return await (await openSession()).handleRequest(request);
  const transport = sessions.get(id);
  if (transport === undefined) {
    const error = { code: -32001, message: "Session not found" };
    return Response.json({ jsonrpc: "2.0", error, id: null }, { status: 404 });
  }
  await keep(id, transport);
  return await transport.handleRequest(request);
}

// Anyone who reaches this server may write. Remove `hostname` when it authenticates, and
// check that each session is used by the user who opened it.
Deno.serve({ hostname: "127.0.0.1" }, handle);
