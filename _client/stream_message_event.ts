// Copyright 2026 the Tidings authors. MIT license.

import type { ListenerList } from "./listeners.ts";
import { reportException } from "./report_exception.ts";

/**
 * A `MessageEvent` that can be dispatched without the platform. During and after
 * that it looks like one that the platform has dispatched.
 */
export class StreamMessageEvent extends MessageEvent<string> {
  // Set by the dispatch, and kept after it as the platform does.
  #target: EventTarget | null = null;
  #isDispatched = false;
  #isStopped = false;

  // The platform's own values come first: it may be dispatched a second time.
  override get target(): EventTarget | null {
    return super.target ?? this.#target;
  }

  override get srcElement(): EventTarget | null {
    return this.target;
  }

  override get currentTarget(): EventTarget | null {
    return this.#isDispatched ? this.#target : super.currentTarget;
  }

  override get eventPhase(): number {
    return this.#isDispatched ? Event.AT_TARGET : super.eventPhase;
  }

  override composedPath(): EventTarget[] {
    return this.#target !== null && this.#isDispatched
      ? [this.#target]
      : super.composedPath();
  }

  override stopImmediatePropagation(): void {
    this.#isStopped = true;
    super.stopImmediatePropagation();
  }

  /** Calls the functions as `target.dispatchEvent(this)` would. */
  dispatch(target: EventTarget, list: ListenerList): void {
    this.#target = target;
    this.#isDispatched = true;
    for (const listener of list.functions) {
      // An earlier one may have removed this one.
      if (!list.functions.includes(listener)) continue;
      try {
        listener.call(target, this);
      } catch (error) {
        reportException(error);
      }
      if (this.#isStopped) break;
    }
    this.#isDispatched = false;
  }
}
