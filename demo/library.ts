// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the page imports of the library, in one bundle.
 *
 * @module
 */

export { followPage } from "../page/mod.ts";
export { EventSource, SharedEventSource } from "../shared/mod.ts";
