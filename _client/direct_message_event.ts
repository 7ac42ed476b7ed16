// Copyright 2026 the Tidings authors. MIT license.

/**
 * The `MessageEvent` that `event_source.ts` hands to a single listener without the
 * platform's `dispatchEvent()`.
 *
 * @module
 */

import { PlatformMessageEvent } from "../_platform_class.ts";
import { reportException } from "./report_exception.ts";

/** The value of `Event.AT_TARGET`. */
const AT_TARGET = 2;

/** A function that listens. */
export type Listener = (this: EventTarget, event: Event) => unknown;

/**
 * A `MessageEvent` that can be handed to a single listener directly. The platform's
 * `dispatchEvent()` does its work for trees of nodes: that is more than half of what an
 * event costs (`bench/client/ratios.ts`). While the listener runs and afterwards, the
 * event looks as if the platform had dispatched it.
 */
export class DirectMessageEvent extends PlatformMessageEvent<string> {
  readonly #source: EventTarget;
  /** Set while the listener runs. */
  #isDispatched = false;

  constructor(
    source: EventTarget,
    type: string,
    init: MessageEventInit<string>,
  ) {
    super(type, init);
    this.#source = source;
  }

  // Some platforms define this on each event instead of the prototype. No class can
  // change it there, and it is false.
  override get isTrusted(): boolean {
    return this.target === this.#source;
  }

  // The platform's value comes first: a listener may dispatch the event a second time,
  // to another target.
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
    return this.#isDispatched ? AT_TARGET : super.eventPhase;
  }

  override composedPath(): EventTarget[] {
    return this.#isDispatched ? [this.#source] : super.composedPath();
  }

  /** Calls the listener as the platform would, and returns what it returns. */
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
