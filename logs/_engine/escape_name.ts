// Copyright 2026 the Tidings authors. MIT license.

/**
 * Names as they are stored in SQLite and in PostgreSQL.
 *
 * @module
 */

/** Escapes a name. PostgreSQL refuses U+0000, and some clients of SQLite end a text there. */
export function escapeName(name: string): string {
  return name.replaceAll("\\", "\\\\").replaceAll("\0", "\\0");
}
