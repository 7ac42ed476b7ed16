// Copyright 2026 the Tidings authors. MIT license.

/**
 * What ends the stream of one subscriber from outside, and what is released when it has
 * ended. Each subscriber has one.
 *
 * @module
 */

import type { Broadcaster, ChannelSubscriber } from "./broadcaster.ts";
import type { Group, GroupMember } from "./group.ts";
import {
  SubscriberWatch,
  type SubscriberWatchOptions,
} from "./subscriber_watch.ts";
import type { CloseReason } from "../server.ts";

/** A stream that can be ended from outside. */
interface EndingStream extends ChannelSubscriber, GroupMember {
  readonly isClosed: boolean;
}

/** The end of one stream. */
export class SubscriberEnd {
  readonly #broadcaster: Broadcaster;
  readonly #group: Group;
  readonly #onClose: ((reason: CloseReason) => void) | undefined;
  /** Set when the response is made. */
  #watch: SubscriberWatch | undefined;

  /**
   * @param broadcaster The broadcaster that the subscriber leaves at its end.
   * @param group The group that it leaves.
   * @param onClose Called once when the stream has ended. It does not throw.
   */
  constructor(
    broadcaster: Broadcaster,
    group: Group,
    onClose: ((reason: CloseReason) => void) | undefined,
  ) {
    this.#broadcaster = broadcaster;
    this.#group = group;
    this.#onClose = onClose;
  }

  /** Watches for what ends the stream. The stream may end within the call. */
  watch(
    request: Request,
    options: SubscriberWatchOptions,
    stream: EndingStream,
  ): void {
    this.#watch = new SubscriberWatch(request, options, stream);
  }

  /** Notes that the body is read. */
  begin(): void {
    this.#watch?.begin();
  }

  /** Releases what belongs to a stream that has ended, and tells why it has. */
  leave(stream: EndingStream, reason: CloseReason): void {
    this.#watch?.stop();
    this.#broadcaster.groupIndex.leave(this.#group, stream);
    this.#broadcaster.remove(stream);
    this.#broadcaster.tally.countEnd(reason);
    this.#onClose?.(reason);
  }
}
