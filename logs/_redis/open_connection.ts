// Copyright 2026 the Tidings authors. MIT license.

/**
 * Opens the connections on which logs in Redis follow streams.
 *
 * @module
 */

import type { RedisClient } from "./client.ts";

/**
 * Opens another connection.
 *
 * @param client The client to duplicate.
 * @param wait Waits for the connection, with a timeout or a signal. If it rejects, the
 * connection is closed as soon as it is open.
 * @returns The connection.
 */
export async function openConnection(
  client: RedisClient,
  wait: (opening: Promise<RedisClient>) => Promise<RedisClient>,
): Promise<RedisClient> {
  const opening = Promise.resolve(client.duplicate());
  try {
    return await wait(opening);
  } catch (error) {
    opening.then((connection) => connection.close()).catch(() => {});
    throw error;
  }
}
