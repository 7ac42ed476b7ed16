// Copyright 2026 the Tidings authors. MIT license.

/**
 * How `followPage()` tells a connection of what has become of its page.
 *
 * @module
 */

/**
 * The method that takes a {@linkcode PageChange}. It is registered: bundles of the client
 * and of `followPage()` may each have this module.
 */
export const ON_PAGE_CHANGE: unique symbol = Symbol.for("@tidings/sse page");

/** What has become of the page. */
export interface PageChange {
  /** Whether there is to be no connection until the page is back. */
  readonly isPaused: boolean;
  /** Whether the page is back: that ends a pause, and a wait for the next attempt. */
  readonly isBack: boolean;
  /** Milliseconds of silence after which the connection is made again. */
  readonly staleAfter: number;
  /** Called once the connection is closed for good, at once if it is; replaces the last. */
  readonly onClose: (() => void) | undefined;
}

/** A connection that takes changes of its page. */
export interface PageChangeTarget {
  [ON_PAGE_CHANGE](change: PageChange): void;
}
