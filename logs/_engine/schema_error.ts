// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the engines that have tables fail with if those, or the client, are not the expected ones.
 *
 * @module
 */

/** What the application has set up is wrong: nothing was done, and no later attempt succeeds. */
export class SetupError extends Error {}

/** The tables are of another version, or the application has not made them. */
export class SchemaError extends SetupError {
  /**
   * @param schema What makes the tables, such as `SQLITE_SCHEMA`.
   * @param version Their version; `undefined` if there are none.
   */
  constructor(
    schema: string,
    expected: number,
    version: number | string | undefined,
  ) {
    const got = version === undefined ? "none" : `version ${version}`;
    super(`expected the tables of ${schema} version ${expected}, got ${got}`);
  }
}
