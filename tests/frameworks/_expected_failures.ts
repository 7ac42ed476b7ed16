// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cells that are known to fail, each with its reason. One that passes is a failure of
 * the suite: it has to leave the list.
 *
 * @module
 */

/** The reasons, by the framework, the change of its program and the column. */
export const EXPECTED_FAILURES: Readonly<Record<string, string>> = {};
