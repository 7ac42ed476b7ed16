// Copyright 2026 the Tidings authors. MIT license.

/**
 * Loaded before the tests (`--preload`), also before the examples of the documentation:
 * whatever listens on a port of its own choice, or where other machines reach it, fails.
 */

import net from "node:net";

const LOOPBACK_NAMES = ["127.0.0.1", "::1", "localhost"];
/** An address that is kept for documentation, so no machine has it. */
const NOBODY = "192.0.2.1";
/**
 * Where the ports begin that the system hands out. A test may open one again that it has
 * had; a lower one may belong to somebody, as 8000 may.
 */
const FIRST_EPHEMERAL_PORT = 32_768;

interface Address {
  hostname?: unknown;
  port?: unknown;
  /** Of a Unix socket, which no other machine reaches. */
  path?: unknown;
}

function assertLoopback({ hostname, port, path }: Address): void {
  if (path !== undefined || hostname === NOBODY) return;
  const isOwnChoice = Number(port ?? 8000) !== 0 &&
    Number(port ?? 8000) < FIRST_EPHEMERAL_PORT;
  if (LOOPBACK_NAMES.includes(String(hostname)) && !isOwnChoice) return;
  throw new Error(
    `Cannot listen in a test: the address is ${hostname}, port ${port}, expected 127.0.0.1, port 0`,
  );
}

/** Puts a function in place of another that is checked before it is called. */
function guard<Arguments extends unknown[], Result>(
  target: object,
  name: string,
  addressOf: (args: Arguments) => Address,
): void {
  const original = Reflect.get(target, name) as (
    ...args: Arguments
  ) => Result;
  Object.defineProperty(target, name, {
    configurable: true,
    writable: true,
    value(this: unknown, ...args: Arguments): Result {
      assertLoopback(addressOf(args));
      return original.apply(this, args);
    },
  });
}

const firstOptions = ([options]: unknown[]): Address =>
  typeof options === "object" && options !== null ? options : {};

guard(Deno, "serve", firstOptions);
guard(Deno, "listen", firstOptions);
guard(Deno, "listenTls", firstOptions);
guard(net.Server.prototype, "listen", ([first, second]: unknown[]) => {
  if (typeof first === "string") return { path: first };
  if (typeof first !== "object" || first === null) {
    return { port: first, hostname: second };
  }
  const { host } = first as { host?: unknown };
  return { hostname: host, ...first };
});
