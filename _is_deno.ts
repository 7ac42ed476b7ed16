// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells whether this is Deno. The readers of bodies and the requests of the server depend
 * on it.
 *
 * @module
 */

/** The global `Deno` would not tell: in other runtimes, packages stand in for it. */
export const IS_DENO: boolean = /^Deno\//.test(globalThis.navigator?.userAgent);
