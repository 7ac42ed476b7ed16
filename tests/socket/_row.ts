// Copyright 2026 the Tidings authors. MIT license.

/** What the rows of `socket_standard_test.ts` are, and what they do alike. */

import { assertThrows } from "@std/assert";
import {
  event,
  type ObeyingServer,
  type OpenSocket,
  record,
} from "./_kinds.ts";

/** One thing that the standard says. */
export interface Row {
  name: string;
  /** Where Deno's own WebSocket is not what the standard says. */
  deviation?: string;
  /** Whether that shows through ours where it is used. */
  showsThrough?: boolean;
  run(open: OpenSocket, server: ObeyingServer): Promise<void>;
}

/** Closes a socket and waits for the end on both sides. */
export async function close(
  socket: WebSocket,
  server: ObeyingServer,
): Promise<void> {
  socket.close();
  await event(socket, "close");
  await server.closed();
}

/** Opens a socket, sends what is said, and collects what comes back until all of it did. */
export async function exchange(
  open: OpenSocket,
  server: ObeyingServer,
  messages: (string | BufferSource | Blob)[],
  binaryType: BinaryType = "arraybuffer",
): Promise<string[]> {
  const socket = open(server.url);
  socket.binaryType = binaryType;
  const lines = record(socket);
  await event(socket, "open");
  for (const message of [...messages, "send the end"]) socket.send(message);
  while (lines.at(-1) !== 'message "the end"') await event(socket, "message");
  await close(socket, server);
  return lines.slice(1, -1);
}

/** The name of the exception that a function throws. */
export function nameOf(fn: () => unknown): string {
  return assertThrows(fn, DOMException).name;
}
