// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells whether this is workerd, the runtime of Cloudflare Workers, whose `EventTarget` and
 * whose headers differ from those of other platforms. The event handlers and the event loop
 * turn of the client depend on it, and the last event ID at both ends.
 *
 * @module
 */

/** Whether this is workerd, by a class that no other platform has. */
export const IS_WORKERD: boolean = "WebSocketPair" in globalThis;
