// Copyright 2026 the Tidings authors. MIT license.

/**
 * The queue of a connection's events, for the rooms that build on the client.
 *
 * @module
 */

export { EventQueue } from "../_parser/event_queue.ts";
