// Copyright 2026 the Tidings authors. MIT license.

/**
 * The part of a Redis client that logs use. There is no behaviour here.
 *
 * @module
 */

/**
 * A connection to Redis, with few methods, so that any client that an application uses
 * can be adapted.
 *
 * The calls of a log tell what fails. A client that emits `error` as well needs a listener
 * for it, also on each duplicate: without one, `npm:redis` ends the process.
 *
 * @example With `npm:ioredis`
 * ```ts ignore -- it needs a server
 * import { Redis } from "npm:ioredis@6";
 * import type { RedisClient } from "@tidings/sse/redis-streams";
 *
 * const adapt = (redis: Redis): RedisClient => ({
 *   send: ([name, ...args]) => redis.call(name, ...args),
 *   duplicate: () => adapt(redis.duplicate().on("error", () => {})),
 *   close: () => redis.disconnect(),
 * });
 * ```
 *
 * @example With `npm:redis`
 * ```ts ignore -- it needs a server
 * import { createClient } from "npm:redis@6";
 * import type { RedisClient } from "@tidings/sse/redis-streams";
 *
 * const redis = await createClient().on("error", () => {}).connect();
 *
 * const adapt = (client: typeof redis): RedisClient => ({
 *   send: (command) => client.sendCommand(command),
 *   duplicate: async () =>
 *     adapt(await client.duplicate().on("error", () => {}).connect()),
 *   close: () => client.isOpen && client.destroy(),
 * });
 * ```
 */
export interface RedisClient {
  /**
   * Sends a command without waiting for the replies to those before it.
   *
   * @param command The command's name, and its arguments.
   * @returns The reply, with text as strings. It rejects with an error whose message
   * starts with that of Redis, if Redis replies with an error.
   */
  send(command: [name: string, ...args: string[]]): Promise<unknown>;

  /** Opens another connection like this one, on which a command may block. */
  duplicate(): RedisClient | Promise<RedisClient>;

  /** Closes the connection at once, even while commands are under way. */
  close(): unknown;
}
