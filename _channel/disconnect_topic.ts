// Copyright 2026 the Tidings authors. MIT license.

/**
 * Appends the entry to the log of a channel that ends the streams of a topic in every
 * process. `EventChannel.disconnect()` calls it.
 *
 * @module
 */

import { checkDisconnectOptions } from "./option_checks.ts";
import type { EventChannelDisconnectOptions } from "./options.ts";
import type { ChannelParts } from "./serve_client.ts";
import { assertTopic } from "./topics.ts";
import { tellElsewhere } from "../_warning.ts";

/**
 * Has the streams of a topic ended.
 *
 * @param topic The topic.
 * @param options How to write the entry.
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
  // Called at once, as by `publish()`: it may be part of a transaction that is open.
  const id = await tellElsewhere(log.append({}, entry));
  // Until a transaction is committed, the entry is not in the log.
  if (given.transaction === undefined) broadcaster.noteDisconnection(id);
  return id;
}
