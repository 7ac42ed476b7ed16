// Copyright 2026 the Tidings authors. MIT license.

/**
 * Appends the entry to the log of a channel that ends the streams of a topic in every
 * process. `EventChannel.disconnect()` calls it.
 *
 * @module
 */

import type { ChannelParts } from "./serve_client.ts";
import { assertTopic } from "./topics.ts";
import { tellElsewhere } from "../_warning.ts";

/**
 * Has the streams of a topic ended.
 *
 * @param topic The topic.
 * @param channel The channel.
 * @returns The ID of the entry.
 */
export async function disconnectTopic(
  topic: string,
  { options: { log, maxTopicLength }, broadcaster, admission }: ChannelParts,
): Promise<string> {
  const verb = "disconnect clients";
  assertTopic(verb, "topic", topic, maxTopicLength);
  if (admission.isClosed) {
    throw new Error(`Cannot ${verb}: the channel is closed`);
  }
  const options = { topics: [topic], disconnect: true };
  // Called at once, as by `publish()`: it may be part of a transaction that is open.
  const id = await tellElsewhere(log.append({}, options));
  broadcaster.noteDisconnection(id);
  return id;
}
