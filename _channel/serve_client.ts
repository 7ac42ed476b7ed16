// Copyright 2026 the Tidings authors. MIT license.

/**
 * Answers one request with the events of a channel, or with the status of its refusal.
 * `EventChannel.serve()` calls it.
 *
 * @module
 */

import type { ChannelAdmission } from "./admission.ts";
import type { Broadcaster } from "./broadcaster.ts";
import { ClientCallbacks, hasClientCallbacks } from "./client_callbacks.ts";
import { makeSubscriber } from "./make_subscriber.ts";
import {
  type CheckedChannelOptions,
  type CheckedServeOptions,
  checkServeOptions,
  readServeOptions,
} from "./option_checks.ts";
import type { EventChannelServeOptions } from "./options.ts";
import { bindTopicSet, TopicSet } from "./topic_set.ts";
import {
  answerHead,
  negotiate,
  NEGOTIATED,
  type NegotiateOptions,
} from "../_server/negotiate.ts";
import { assertRequest } from "../_server/request_check.ts";
import { respond } from "../_server/respond.ts";

/** The parts of a channel that answer a request. */
export interface ChannelParts {
  readonly options: CheckedChannelOptions;
  readonly broadcaster: Broadcaster;
  readonly admission: ChannelAdmission;
  /** What the options come to where they are left out; set by the first such call. */
  defaults?: ServeSettings;
}

/** The options of one call of `serve()`, read and checked. */
interface ServeSettings {
  readonly given: EventChannelServeOptions;
  readonly client: CheckedServeOptions;
  readonly negotiation: NegotiateOptions;
  /** Whether they or the options of the channel have callbacks. */
  readonly hasCallbacks: boolean;
}

/**
 * Answers a request.
 *
 * @param request The request.
 * @param options The options of `serve()`, not checked yet.
 * @param channel The parts of the channel.
 * @returns The response.
 */
export function serveClient(
  request: Request,
  options: EventChannelServeOptions | undefined,
  channel: ChannelParts,
): Response {
  assertRequest("serve event channel", request);
  const { options: channelOptions, broadcaster, admission } = channel;
  const settings = options === undefined
    ? channel.defaults ??= readSettings({}, channelOptions)
    : readSettings(options, channelOptions);
  const { given, client } = settings;
  const { topics } = client.interest;
  if (topics instanceof TopicSet) bindTopicSet(topics, broadcaster);
  const { onGap, tally } = channelOptions;
  const negotiation = negotiate(request, settings.negotiation);
  if (negotiation instanceof Response) {
    tally.countRefusal(negotiation);
    return negotiation;
  }
  const admitted = admission.decide(request, negotiation, broadcaster.size);
  if (admitted instanceof Response) {
    tally.countRefusal(admitted);
    return admitted;
  }
  if (negotiation.isHead) return answerHead(negotiation);
  const callbacks = settings.hasCallbacks
    ? new ClientCallbacks(
      { topics: given.topics ?? [], key: admitted.key },
      [given, channelOptions],
    )
    : undefined;
  const onClose = admission.enter(
    admitted,
    callbacks && ((reason) => callbacks.close(reason)),
  );
  broadcaster.feed.start();
  const subscriber = makeSubscriber(
    broadcaster,
    request,
    negotiation,
    client,
    { onGap, onClose },
  );
  const response = respond(request, subscriber, 1, negotiation);
  // From here on the stream can end: a callback may close the channel.
  callbacks?.open();
  subscriber.watch(request, client);
  admission.settle(admitted, subscriber);
  return response;
}

/**
 * Reads and checks options of `serve()`.
 *
 * @param options The options.
 * @param channelOptions The options of the channel.
 */
function readSettings(
  options: EventChannelServeOptions,
  channelOptions: CheckedChannelOptions,
): ServeSettings {
  const given = readServeOptions(options);
  return {
    given,
    client: checkServeOptions(given, channelOptions),
    hasCallbacks: hasClientCallbacks([given, channelOptions]),
    negotiation: {
      ...given,
      compression: channelOptions.compression,
      // Not an option of `serve()`: runs set it.
      [NEGOTIATED]: (options as NegotiateOptions)[NEGOTIATED],
    },
  };
}
