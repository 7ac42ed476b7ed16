// Copyright 2026 the Tidings authors. MIT license.

/**
 * The exit statuses of the command line. The commands return them, and the manual lists
 * them.
 *
 * @module
 */

/** The stream ended, enough events came, or the user ended it. */
export const CLEAN_END = 0;
/** The stream cannot be read or ended with an error, or the events cannot be served. */
export const FAILURE = 1;
/** The arguments are wrong. */
export const USAGE = 2;
/** The time that `--timeout` gives has passed. */
export const TIMEOUT = 3;
