// Copyright 2026 the Tidings authors. MIT license.

/**
 * Connects to the stream that `read` prints or `relay` serves.
 *
 * @module
 */

import type { Upstream } from "./_command.ts";
import { describeState, describeUrl } from "./_format.ts";
import type { CommandLineIo } from "./_io.ts";
import {
  connect,
  type ConnectOptions,
  type EventStreamConnection,
} from "../client.ts";

/**
 * Connects to an upstream, and reports each change of the connection's state.
 *
 * @param upstream The stream, and the options that the arguments give.
 * @param io What the command line reads and writes.
 * @param options Options that override those of the arguments.
 * @returns The connection, which `io.signal` closes.
 */
export function connectUpstream(
  { url, options: request }: Upstream,
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
    onStateChange: (change) => {
      options.onStateChange?.(change);
      const line = describeState(change, isTerminal);
      if (line !== undefined) io.report(line);
    },
  });
}
