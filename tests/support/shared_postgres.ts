// Copyright 2026 the Tidings authors. MIT license.

/** A PostgreSQL that the tests of a module share, each with names of its own. */

import { hasPostgres, PostgresServer } from "./postgres_server.ts";

let server: Promise<PostgresServer> | undefined;

/** The server, which ends with the module. */
export function sharedPostgres(): Promise<PostgresServer> {
  server ??= PostgresServer.start().then((started) => {
    globalThis.addEventListener("unload", () => started.discard());
    return started;
  });
  return server;
}

// Not in the first test: it would seem to leave a process behind.
if (hasPostgres) await sharedPostgres();
