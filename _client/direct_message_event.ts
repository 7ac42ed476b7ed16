// Copyright 2026 the Tidings authors. MIT license.

import { reportException } from "./report_exception.ts";

/** A function that listens. */
export type Listener = (this: EventTarget, event: Event) => unknown;

/**
 * A `MessageEvent` that its only listener can get without the platform's
 * `dispatchEvent()`, which does its work for trees of nodes: that is more than half
 * of what an event costs (`bench/client/ratios.ts`). During and after that it looks
 * like one that the platform has dispatched.
 */
export class DirectMessageEvent extends MessageEvent<string> {
  readonly #source: EventTarget;
  // While it is dispatched without the platform.
  #isDispatched = false;

  constructor(
    source: EventTarget,
    type: string,
    init: MessageEventInit<string>,
  ) {
    super(type, init);
    this.#source = source;
  }

  /** Whether it is dispatched without the platform, which does not know of it. */
  static isDispatched(event: Event): boolean {
    return #isDispatched in event && event.#isDispatched;
  }

  // Some platforms define this in each event, and not in their prototype: there a
  // class has no say, and it is false.
  override get isTrusted(): boolean {
    return this.target === this.#source;
  }

  // The platform's own values come first: it may be dispatched a second time.
  override get target(): EventTarget | null {
    return super.target ?? this.#source;
  }

  override get srcElement(): EventTarget | null {
    return this.target;
  }

  override get currentTarget(): EventTarget | null {
    return this.#isDispatched ? this.#source : super.currentTarget;
  }

  override get eventPhase(): number {
    return this.#isDispatched ? Event.AT_TARGET : super.eventPhase;
  }

  override composedPath(): EventTarget[] {
    return this.#isDispatched ? [this.#source] : super.composedPath();
  }

  /** Calls the listener as the platform would, and gives what it returns. */
  callListener(listener: Listener): unknown {
    this.#isDispatched = true;
    try {
      return listener.call(this.#source, this);
    } catch (error) {
      return reportException(error);
    } finally {
      this.#isDispatched = false;
    }
  }
}
