// Copyright 2026 the Tidings authors. MIT license.

/**
 * Appends an event to the log of a channel, once it is known that it can be sent.
 * `EventChannel.publish()` calls it.
 *
 * @module
 */

import { withData } from "../_encoder/event_data.ts";
import { assertFields } from "../_encoder/format_block.ts";
import { assertReturnableId } from "../_validate.ts";
import { tellElsewhere } from "../_warning.ts";
import type { TypedEventInit } from "../event.ts";
import {
  type CheckedChannelOptions,
  checkPublishOptions,
} from "./option_checks.ts";
import type { EventChannelPublishOptions } from "./options.ts";

/**
 * Publishes an event.
 *
 * @param event The event.
 * @param options How to publish it.
 * @param channel The options of the channel.
 * @returns The event's ID.
 */
export async function publishEvent<Events>(
  event: TypedEventInit<Events>,
  options: EventChannelPublishOptions,
  channel: CheckedChannelOptions,
): Promise<string> {
  const given = checkPublishOptions(options, channel);
  const logged = withData("publish event", event, given);
  // An event that cannot be encoded, or whose ID cannot come back, must not enter the
  // log.
  assertFields(logged);
  assertReturnableId("publish event", logged.id);
  return await tellElsewhere(channel.log.append(logged, given));
}
