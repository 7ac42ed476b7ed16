// Copyright 2026 the Tidings authors. MIT license.

/** A tab whose messages a test chooses. */

import type { ServerSentEvent } from "../../event.ts";
import type { FollowerMessage, LeaderMessage } from "../../shared/_messages.ts";
import { within } from "../support/within.ts";

interface LockManager {
  request(name: string, callback: () => Promise<void>): Promise<void>;
}

/** Takes part in the connection of a URL. */
export class Peer implements Disposable {
  /** The number in its reports. */
  readonly id = 0.5;
  /** Its term as the leader. */
  term = 1;
  readonly #name: string;
  readonly #channel: BroadcastChannel;
  #heard: (LeaderMessage | FollowerMessage)[] = [];
  // Looks for the message that the test waits for.
  #look: (() => void) | undefined;
  #release: (() => void) | undefined;

  constructor(url: string) {
    this.#name = `tidings 1 ${url} false ${url}`;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = ({ data }) => {
      this.#heard.push(data);
      this.#look?.();
    };
  }

  /**
   * Waits for the lock.
   *
   * @returns A promise that settles when the lock is released, or taken away.
   */
  async hold(): Promise<{ lost: Promise<void> }> {
    const { locks } = navigator as unknown as { locks: LockManager };
    const granted = Promise.withResolvers<void>();
    const lost = locks.request(this.#name, () => {
      granted.resolve();
      return new Promise((release) => this.#release = release);
    }).catch(() => {});
    await within("the lock", granted.promise);
    return { lost };
  }

  /** Gives up the lock. */
  release(): void {
    this.#release?.();
  }

  /** Sends, as the leader, that the connection is open, and events. */
  tell(
    next: number,
    events: readonly ServerSentEvent[],
    facts: Partial<LeaderMessage> = {},
  ): void {
    const news: LeaderMessage = {
      term: this.term,
      readyState: 1,
      hasFailed: false,
      url: "https://example.com/",
      to: undefined,
      events,
      next,
      lastEventId: events.at(-1)?.lastEventId ?? "",
      ...facts,
    };
    this.#channel.postMessage(news);
  }

  /** Reports, as a follower, what it has received. */
  say(term: number, next: number, events: readonly ServerSentEvent[]): void {
    const lastEventId = events.at(-1)?.lastEventId ?? "";
    const hello: FollowerMessage = {
      from: this.id,
      term,
      next,
      events,
      lastEventId,
    };
    this.#channel.postMessage(hello);
  }

  /** Waits for a report of a tab, and forgets the messages before it. */
  hearTab(): Promise<FollowerMessage> {
    return this.#hear("a tab", (message) => "from" in message);
  }

  /** How many reports of tabs were not waited for. */
  get tabsToHear(): number {
    return this.#heard.filter((message) => "from" in message).length;
  }

  /** Waits for a message of a leader, and forgets the messages before it. */
  hearLeader(
    isIt: (news: LeaderMessage) => boolean = () => true,
  ): Promise<LeaderMessage> {
    return this.#hear(
      "a leader",
      (message) => !("from" in message) && isIt(message),
    );
  }

  [Symbol.dispose](): void {
    this.release();
    this.#channel.close();
  }

  async #hear<Message>(
    sender: string,
    isIt: (message: LeaderMessage | FollowerMessage) => boolean,
  ): Promise<Message> {
    for (;;) {
      const index = this.#heard.findIndex(isIt);
      if (index >= 0) {
        const message = this.#heard[index] as Message;
        this.#heard = this.#heard.slice(index + 1);
        return message;
      }
      await within(
        sender,
        new Promise<void>((resolve) => this.#look = resolve),
      );
    }
  }
}
