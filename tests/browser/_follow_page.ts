// Copyright 2026 the Tidings authors. MIT license.

/** Puts into a page what the tests of `followPage()` use. */

import {
  connect,
  type ConnectOptions,
  EventSource,
  type EventStreamConnection,
} from "../../client.ts";
import {
  followPage,
  type FollowPageOptions,
  type PageFollower,
} from "../../page/mod.ts";
import { SharedEventSource } from "../../shared/mod.ts";

/** What reads the stream. */
export type ReaderKind = "connect" | "EventSource" | "SharedEventSource";

/** A reader of `/events` that follows its page. */
export class Reader {
  readonly source: EventStreamConnection | EventSource<object>;
  readonly follower: PageFollower;
  /** The data of the events. */
  readonly data: string[] = [];

  constructor(
    kind: ReaderKind,
    options: FollowPageOptions,
    init: Pick<ConnectOptions, "body"> = {},
  ) {
    if (kind === "connect") {
      const source = this.source = connect("/events", init);
      this.#read(source);
    } else {
      const Class = kind === "EventSource" ? EventSource : SharedEventSource;
      const source = new Class("/events", init);
      source.onmessage = ({ data }) => this.data.push(data);
      this.source = source as EventSource<object>;
    }
    this.follower = followPage(this.source, options);
  }

  async #read(source: EventStreamConnection): Promise<void> {
    for await (const { data } of source) this.data.push(data);
  }
}

Object.assign(globalThis, { Reader });
