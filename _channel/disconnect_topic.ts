// Copyright 2026 the Tidings authors. MIT license.

/**
 * Appends an entry to the log of a channel. Each process that follows the log ends the
 * streams of a topic when it sees the entry. `EventChannel.disconnect()` calls it.
 *
 * @module
 */

import { checkDisconnectOptions } from "./option_checks.ts";
import type { EventChannelDisconnectOptions } from "./options.ts";
import type { ChannelParts } from "./serve_client.ts";
import { assertTopic } from "./topics.ts";
import { tellElsewhere } from "../_warning.ts";

/**
 * Ends the streams of a topic, as `EventChannel.disconnect()`.
 *
 * @param topic The topic.
 * @param options How to append the entry.
 * @param channel The channel.
 * @returns The ID of the entry.
 */
export async function disconnectTopic(
  topic: string,
  options: EventChannelDisconnectOptions,
  { options: { log, maxTopicLength }, broadcaster, admission }: ChannelParts,
): Promise<string> {
  const verb = "disconnect clients";
  assertTopic(verb, "topic", topic, maxTopicLength);
  if (admission.isClosed) {
    throw new Error(`Cannot ${verb}: the channel is closed`);
  }
  const given = checkDisconnectOptions(options);
  const entry = { ...given, topics: [topic], disconnect: true };
  // Before any `await`, as in `publish()`: with SQLite, the entry is part of the transaction
  // that is open when `disconnect()` is called.
  const id = await tellElsewhere(log.append({}, entry));
  // The log does not have the entry before the commit, and after a rollback it never has it.
  if (given.transaction === undefined) broadcaster.noteDisconnection(id);
  return id;
}
