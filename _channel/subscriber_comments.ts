// Copyright 2026 the Tidings authors. MIT license.

/**
 * Sends a subscriber's comments: those that keep its connection alive, and those that
 * carry the newest cursor. Each subscriber has one.
 *
 * @module
 */

import type { Broadcaster } from "./broadcaster.ts";
import type { GroupChunk } from "./compressed_sink.ts";
import type { Group } from "./group.ts";
import type { KnownId } from "./known_id.ts";
import type { SubscriberOutput } from "./subscriber_output.ts";
import { KEEP_ALIVE_COMMENT } from "../_server/keep_alive.ts";
import { encodeEvent } from "../encoder.ts";

/** The comments of one subscriber. */
export class SubscriberComments {
  readonly #broadcaster: Broadcaster;
  readonly #group: Group;
  readonly #output: SubscriberOutput;
  readonly #knownId: KnownId;

  /**
   * @param broadcaster Has the newest cursor.
   * @param group The subscriber's group.
   * @param output Where the comments go.
   * @param knownId Is told which cursor the client was sent.
   */
  constructor(
    broadcaster: Broadcaster,
    group: Group,
    output: SubscriberOutput,
    knownId: KnownId,
  ) {
    this.#broadcaster = broadcaster;
    this.#group = group;
    this.#output = output;
    this.#knownId = knownId;
  }

  /** Sends a comment if nothing was sent since the last call. */
  keepAlive(isLive: boolean): void {
    if (!this.#output.checkSilence()) return;
    const isTold = this.tell(isLive, this.#broadcaster.position);
    if (isTold || !this.#output.hasRoom) return;
    this.#send(isLive, KEEP_ALIVE_COMMENT);
  }

  /**
   * Sends the newest cursor, if the subscriber is live, has room, and the client would
   * come back with a cursor before a position.
   */
  tell(isLive: boolean, position: number): boolean {
    if (!isLive || !this.#knownId.isBefore(position)) return false;
    if (!this.#output.hasRoom) return false;
    const { position: latest, cursor } = this.#broadcaster;
    this.#send(isLive, encodeEvent({ comment: "", id: cursor }), latest);
    return true;
  }

  /** Takes a comment together with the other compressed streams of the group. */
  share(comment: GroupChunk, position: number | undefined): void {
    if (!this.#output.isCompressed || !this.#output.hasRoom) return;
    if (position !== undefined) this.#knownId.moveTo(position);
    this.#output.write(comment.bytes, 0, comment);
  }

  /** @param position The position whose cursor the comment carries, if it carries one. */
  #send(
    isLive: boolean,
    comment: Uint8Array<ArrayBuffer>,
    position?: number,
  ): void {
    if (isLive && this.#output.isCompressed) {
      this.#group.comment(comment, position);
    } else {
      if (position !== undefined) this.#knownId.moveTo(position);
      this.#output.write(comment, 0);
    }
  }
}
