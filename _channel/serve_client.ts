// Copyright 2026 the Tidings authors. MIT license.

/**
 * Answers one request with the events of a channel, or with the status of its refusal.
 * `EventChannel.serve()` calls it.
 *
 * @module
 */

import type { ChannelAdmission } from "./admission.ts";
import type { Broadcaster } from "./broadcaster.ts";
import { makeClientCallbacks } from "./client_callbacks.ts";
import { makeSubscriber } from "./make_subscriber.ts";
import {
  type CheckedChannelOptions,
  checkServeOptions,
  readServeOptions,
} from "./option_checks.ts";
import type { EventChannelServeOptions } from "./options.ts";
import { bindTopicSet, TopicSet } from "./topic_set.ts";
import {
  answerHead,
  makeStreamHeaders,
  negotiate,
  NEGOTIATED,
  type NegotiateOptions,
} from "../_server/negotiate.ts";
import { assertRequest } from "../_server/request_check.ts";
import { respond } from "../_server/request_hooks.ts";

/** The parts of a channel that answer a request. */
export interface ChannelParts {
  readonly options: CheckedChannelOptions;
  readonly broadcaster: Broadcaster;
  readonly admission: ChannelAdmission;
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
  options: EventChannelServeOptions,
  { options: channelOptions, broadcaster, admission }: ChannelParts,
): Response {
  assertRequest("serve event channel", request);
  const given = readServeOptions(options);
  const client = checkServeOptions(given, channelOptions);
  const { topics } = client.interest;
  if (topics instanceof TopicSet) bindTopicSet(topics, broadcaster);
  const { compression, onGap, tally } = channelOptions;
  const negotiation = negotiate(request, {
    ...given,
    compression,
    // Not an option of `serve()`: runs set it.
    [NEGOTIATED]: (options as NegotiateOptions)[NEGOTIATED],
  });
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
  const callbacks = makeClientCallbacks(
    { topics: given.topics ?? [], key: admitted.key },
    [given, channelOptions],
  );
  const onClose = admission.enter(
    admitted,
    callbacks && ((reason) => callbacks.close(reason)),
  );
  broadcaster.feed.start();
  const subscriber = makeSubscriber(
    broadcaster,
    request,
    negotiation,
    { ...client, onGap, onClose },
  );
  const streamHeaders = makeStreamHeaders(negotiation);
  const response = respond(request, subscriber, 1, streamHeaders);
  // From here on the stream can end: a callback may close the channel.
  callbacks?.open();
  subscriber.watch(request, client);
  admission.settle(admitted, subscriber);
  return response;
}
