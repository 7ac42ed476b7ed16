// Copyright 2026 the Tidings authors. MIT license.

/**
 * Whether this is workerd, the runtime of Cloudflare Workers, whose events differ from those
 * of other platforms.
 *
 * @module
 */

/** Whether this is workerd, by a class that no other platform has. */
export const IS_WORKERD: boolean = "WebSocketPair" in globalThis;
