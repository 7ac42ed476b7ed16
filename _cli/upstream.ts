// Copyright 2026 the Tidings authors. MIT license.

import type { Upstream } from "./command.ts";
import { describeState, describeUrl } from "./format.ts";
import type { CommandLineIo } from "./io.ts";
import {
  connect,
  type ConnectOptions,
  type Disconnection,
  type EventStreamConnection,
} from "../client.ts";

/**
 * Connects to an upstream, and reports each change of the connection's state.
 *
 * @param upstream What the arguments say.
 * @param io What the command line reads and writes.
 * @param options What they do not say.
 * @returns The connection, which `io.signal` closes.
 */
export function connectUpstream(
  { url, options: { shouldReconnect, ...request } }: Upstream,
  io: CommandLineIo,
  options: ConnectOptions = {},
): EventStreamConnection {
  const { isTerminal } = io;
  if (isTerminal) {
    io.report(`connecting to ${describeUrl(url)}, Ctrl+C ends it`);
  }
  return connect(url, {
    ...request,
    ...options,
    signal: io.signal,
    shouldReconnect: (disconnection) =>
      isForbidden(disconnection) ? false : shouldReconnect?.(disconnection),
    onStateChange: (change) => {
      const line = describeState(change, isTerminal);
      if (line !== undefined) io.report(line);
    },
  });
}

/** Whether the permission to use the network was refused, which no wait changes. */
function isForbidden({ error }: Disconnection): boolean {
  return error.cause instanceof Deno.errors.NotCapable;
}
