// Copyright 2026 the Tidings authors. MIT license.

/**
 * Starts the server of `serve` and `relay`, by Deno or by what the caller of `main()` gives.
 *
 * @module
 */

import type { CommandLineIo, CommandLineServer } from "./_io.ts";

/** Where a server listens. */
export interface Address {
  hostname: string;
  port: number;
}

/** Answers a request. */
export type Handler = (request: Request) => Response | Promise<Response>;

/**
 * Starts a server.
 *
 * @param address Where it listens.
 * @param handler Answers its requests.
 * @param io What the command line reads and writes.
 * @returns The server, which listens.
 * @throws {Error} If it cannot listen there.
 */
export async function listen(
  { hostname, port }: Address,
  handler: Handler,
  { listen = listenInDeno }: CommandLineIo,
): Promise<CommandLineServer> {
  try {
    return await listen({ hostname, port }, handler);
  } catch (error) {
    const { name, code } = Object(error);
    // Deno's own error names the missing permission and the flag that grants it.
    if (name === "NotCapable") throw error;
    const address = `port ${port} of ${hostname}`;
    throw code === "EADDRINUSE"
      ? new Error(
        `Cannot serve events: ${address} is in use, --port chooses another`,
      )
      : new Error(`Cannot serve events at ${address}`, { cause: error });
  }
}

function listenInDeno(
  address: Address,
  handler: Handler,
): Promise<CommandLineServer> {
  const server = Deno.serve({ ...address, onListen() {} }, handler);
  const { hostname, port } = server.addr;
  return Promise.resolve({
    hostname,
    port,
    shutdown: () => server.shutdown(),
  });
}
