// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells whether this is workerd, the runtime of Cloudflare Workers, where `EventTarget` differs
 * from that of other platforms. The event handlers and the event loop turn depend on it.
 *
 * @module
 */

/** Whether this is workerd, by a class that no other platform has. */
export const IS_WORKERD: boolean = "WebSocketPair" in globalThis;
