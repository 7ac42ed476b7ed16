// Copyright 2026 the Tidings authors. MIT license.

/**
 * The times and bounds of a shared connection. They are in a module without imports, so that
 * a bundler puts the numbers where they are used.
 *
 * @module
 */

/** Milliseconds without a message of the leader after which a follower asks for one. */
export const SILENCE_TIMEOUT = 5000;
/** Milliseconds for the leader to answer; after that, the follower takes its lock. */
export const ANSWER_TIMEOUT = 5000;
/**
 * Milliseconds for which a leader that closes keeps its lock. A follower that got the lock
 * before the message of the end would connect again.
 */
export const CLOSE_DELAY = 100;
/**
 * How many events a tab may be ahead of the leader. A greater difference means that the
 * tab has its numbers from other tabs, which are gone.
 */
export const MAX_AHEAD = 1e6;

/**
 * Milliseconds for the followers to report what they have received. The leader resumes
 * after the last of it. A follower that answers later drops, by their numbers, the events
 * that it gets again.
 */
export const COLLECT_TIME = 100;
/** How far numbers may grow in a millisecond: no stream has more events for long. */
export const NUMBERS_PER_MS = 1000;

/** The number of the next event in a tab that has not received any message. */
export const NEW = 0;
/** The number of the next event in a tab that left before it had caught up. */
export const LOST = 1;

/** UTF-16 code units of events that are kept; beyond it, the oldest are dropped. */
export const MAX_SIZE = 1048576;
/** UTF-16 code units that an event counts besides its text. */
export const EVENT_SIZE = 100;
