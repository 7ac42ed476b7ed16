// Copyright 2026 the Tidings authors. MIT license.

/**
 * A connection that follows the life of its page: {@linkcode followPage}.
 *
 * A page that is hidden for long, or whose device sleeps, often comes back with a
 * connection that is dead without knowing it, or in the middle of a long wait for the
 * next attempt. Users then see a frozen chat.
 *
 * ```ts ignore -- it needs a page
 * import { connect } from "@tidings/sse/client";
 * import { followPage } from "@tidings/sse/page";
 *
 * const connection = connect("/events");
 * followPage(connection, { hidden: "disconnect" });
 * ```
 *
 * @module
 */

import type { EventStreamConnection } from "../_client/connection.ts";
import type { EventSource } from "../_client/event_source.ts";
import {
  ON_PAGE_CHANGE,
  type PageChange,
  type PageChangeTarget,
} from "../_client/page_change.ts";
import { startIdleTimer } from "../_idle_timer.ts";
import { hasMembers, type OptionKinds, readOptions } from "../_options.ts";
import { assertNumber, describeMismatch, MAX_DELAY } from "../_validate.ts";

/** Options for {@linkcode followPage}. */
export interface FollowPageOptions {
  /**
   * What a hidden page does. With `"stay"` it keeps its connection, as far as the browser
   * lets it. With `"disconnect"` it has none, and resumes after the last event ID when it
   * is visible again.
   *
   * @default {"stay"}
   */
  hidden?: "stay" | "disconnect" | undefined;
  /**
   * Milliseconds of silence after which a page that is back makes the connection again,
   * from 1 to 2 147 483 647, or `Infinity` for never. Comments end a silence, so this is
   * to be more than the interval of the server's keep-alives.
   *
   * @default {45_000}
   */
  staleAfter?: number | undefined;
}

/** What {@linkcode followPage} can follow a page with. */
export type PageSource = EventStreamConnection | EventSource<object>;

/** A connection that follows its page, until this is stopped. */
export interface PageFollower extends Disposable {
  /** Ends it. A connection that was paused is made again. */
  stop(): void;
}

const VERB = "follow page";

/** Three keep-alives of a server of this package. */
const DEFAULT_STALE_AFTER = 45_000;

/**
 * Milliseconds after which a page that is back is looked at again, and the silence is
 * measured: a page that was frozen has not read yet what has arrived.
 */
const GRACE = 100;

/** The events of a page that is back. */
const EVENTS = ["visibilitychange", "pageshow", "online", "resume"] as const;

const OPTIONS: OptionKinds<FollowPageOptions> = {
  hidden: [
    '"stay" or "disconnect"',
    (value) => value === "stay" || value === "disconnect",
  ],
  staleAfter: "any",
};

/** What follows the page with each source: a later call replaces an earlier one. */
const FOLLOWERS = new WeakMap<object, PageFollower>();

/**
 * Lets a connection follow the life of its page. When the page is visible again, comes
 * back from the back/forward cache, is no longer frozen or has a network again:
 *
 * - A wait for the next attempt ends at once, a `Retry-After` too, and the waits start
 *   again from the shortest. An attempt that fails then is made again a moment later.
 * - A connection without a byte for `staleAfter` is made again, as `reconnect()` does. It is
 *   looked at twice: at once, and `staleAfter` later, for one that broke shortly before.
 *   `idleTimeout` does the same for a page that is visible all the time. If a long task holds
 *   the page up, it is looked at later.
 *
 * With `hidden: "disconnect"`, a hidden page has no connection. It looks like a lost one
 * that is going to be reestablished: `EventSource` dispatches `error` and later `open`.
 * A `SharedEventSource` leaves the connection to the tabs that are visible, and gets what
 * it has missed from them, or from the server.
 *
 * Of a request that is not safe to repeat, such as a POST, only waits end. It is never sent
 * again because of this function.
 *
 * It ends by itself when the connection is closed, and does nothing in workers, servers and
 * wherever there is no page. A second call for the same connection replaces the first.
 *
 * @example A chat that is there when its user comes back
 * ```ts
 * import { connect } from "@tidings/sse/client";
 * import { followPage } from "@tidings/sse/page";
 * import { assertEquals } from "@std/assert";
 *
 * const connection = connect("https://example.com/chat", {
 *   fetch: async () =>
 *     new Response("data: hello\n\n", {
 *       headers: { "content-type": "text/event-stream" },
 *     }),
 * });
 * using _follower = followPage(connection, { staleAfter: 30_000 });
 *
 * for await (const { data } of connection) {
 *   assertEquals(data, "hello");
 *   break;
 * }
 * ```
 *
 * @param source What `connect()` returned, an `EventSource` of this package or a
 * `SharedEventSource`.
 * @param options What to do when the page is hidden, and what counts as silence.
 * @returns What ends it.
 * @throws {TypeError} If the source is none of these, such as the browser's own
 * `EventSource`, or an option is unknown or of the wrong type.
 * @throws {RangeError} If `staleAfter` is out of its range.
 */
export function followPage(
  source: PageSource,
  options: FollowPageOptions = {},
): PageFollower {
  if (!isTarget(source)) {
    const expected = "a connection or an EventSource of this package";
    throw new TypeError(describeMismatch(VERB, "source", expected, source));
  }
  const { hidden = "stay", staleAfter = DEFAULT_STALE_AFTER } = readOptions(
    VERB,
    options,
    OPTIONS,
  );
  if (staleAfter !== Infinity) {
    assertNumber(VERB, "staleAfter", staleAfter, 1, MAX_DELAY);
  }
  FOLLOWERS.get(source)?.stop();
  const { document } = globalThis as { document?: Page };
  // Some runtimes of apps have one of the two.
  const isPage = document !== undefined &&
    typeof addEventListener === "function";
  const follower = !isPage
    ? new NoPage()
    : new Follower(source, document, hidden === "disconnect", staleAfter);
  FOLLOWERS.set(source, follower);
  return follower;
}

/** As much of a document as is used here; not every runtime's types have it. */
interface Page {
  readonly visibilityState: string;
}

/** The follower where there is no page. */
class NoPage implements PageFollower {
  stop(): void {}
  [Symbol.dispose](): void {}
}

/** Listens to the page, and tells the connection. */
class Follower implements PageFollower {
  readonly #target: PageChangeTarget;
  readonly #page: Page;
  readonly #disconnects: boolean;
  readonly #staleAfter: number;
  /** Aborted at the end: removes the listeners. */
  readonly #listening = new AbortController();
  /** Stops the timer that runs until the silence is measured. */
  #stopTimer = (): void => {};

  constructor(
    target: PageChangeTarget,
    page: Page,
    disconnects: boolean,
    staleAfter: number,
  ) {
    this.#target = target;
    this.#page = page;
    this.#disconnects = disconnects;
    this.#staleAfter = staleAfter;
    // Some are events of the document that do not bubble.
    const init = { capture: true, signal: this.#listening.signal };
    for (const type of EVENTS) addEventListener(type, this.#onChange, init);
    this.#tell(false);
  }

  stop(): void {
    if (this.#listening.signal.aborted) return;
    const { isPaused } = this.#tell(false);
    this.#end();
    if (isPaused) this.#tell(true);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  readonly #end = (): void => {
    this.#stopTimer();
    this.#listening.abort();
  };

  readonly #onChange = (event: Event): void => {
    const { type, persisted } = event as Event & { persisted?: boolean };
    // It is dispatched whenever a page is loaded, too.
    if (type === "pageshow" && !persisted) return;
    this.#stopTimer();
    const isHidden = this.#page.visibilityState === "hidden";
    if (isHidden && this.#disconnects) this.#tell(false);
    else if (!isHidden || type !== "visibilitychange") {
      this.#tell(true);
      this.#stopTimer = startIdleTimer(GRACE, this.#look);
    }
  };

  /** Makes a connection again that is silent for too long, now and later. */
  readonly #look = (): void => {
    // Chromium says "online" before a request can be sent: the first attempt may have failed.
    this.#tell(true, this.#staleAfter);
    this.#stopTimer = startIdleTimer(
      this.#staleAfter,
      () => this.#tell(false, this.#staleAfter),
    );
  };

  #tell(isBack: boolean, staleAfter = Infinity): PageChange {
    const isPaused = this.#disconnects && !this.#listening.signal.aborted &&
      this.#page.visibilityState === "hidden";
    const change = { isPaused, isBack, staleAfter, onClose: this.#end };
    this.#target[ON_PAGE_CHANGE](change);
    return change;
  }

  /** The name of what it is, as the classes of the platform have it. */
  get [Symbol.toStringTag](): string {
    return "PageFollower";
  }
}

function isTarget(value: unknown): value is PageChangeTarget {
  return hasMembers(value, ON_PAGE_CHANGE);
}
