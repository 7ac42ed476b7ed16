// Copyright 2026 the Tidings authors. MIT license.

/** A tab that does and says to others what a test wants it to. */

import type { ServerSentEvent } from "../../event.ts";
import type { Hello, News } from "../../shared/_message.ts";
import { within } from "../support/within.ts";

interface LockManager {
  request(name: string, callback: () => Promise<void>): Promise<void>;
}

/** Takes part in the connection of a URL. */
export class Peer implements Disposable {
  /** Who it is when it asks. */
  readonly id = 0.5;
  /** Its number while it holds the connection. */
  term = 1;
  readonly #name: string;
  readonly #channel: BroadcastChannel;
  #heard: (News | Hello)[] = [];
  // Looks whether what is waited for is there.
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
   * @returns What tells that it was released, or taken away.
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

  /** Says, as the leader, that the connection is open, and that there are events. */
  tell(
    next: number,
    events: readonly ServerSentEvent[],
    facts: Partial<News> = {},
  ): void {
    const news: News = {
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

  /** Says, as one of the others, what it has seen. */
  say(term: number, next: number, events: readonly ServerSentEvent[]): void {
    const lastEventId = events.at(-1)?.lastEventId ?? "";
    const hello: Hello = { from: this.id, term, next, events, lastEventId };
    this.#channel.postMessage(hello);
  }

  /** Waits for what a tab says, and forgets what was said before. */
  hearTab(): Promise<Hello> {
    return this.#hear("a tab", (message) => "from" in message);
  }

  /** How often a tab has said something since. */
  get tabsToHear(): number {
    return this.#heard.filter((message) => "from" in message).length;
  }

  /** The same for what a leader says. */
  hearLeader(isIt: (news: News) => boolean = () => true): Promise<News> {
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
    who: string,
    isIt: (message: News | Hello) => boolean,
  ): Promise<Message> {
    for (;;) {
      const index = this.#heard.findIndex(isIt);
      if (index >= 0) {
        const message = this.#heard[index] as Message;
        this.#heard = this.#heard.slice(index + 1);
        return message;
      }
      await within(who, new Promise<void>((resolve) => this.#look = resolve));
    }
  }
}
