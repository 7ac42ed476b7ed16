// Copyright 2026 the Tidings authors. MIT license.

/**
 * Escapes names for the tables of SQLite and PostgreSQL. Their histories call it.
 *
 * @module
 */

/** Escapes U+0000: PostgreSQL refuses it, and some clients of SQLite end a text there. */
export function escapeName(name: string): string {
  return name.replaceAll("\\", "\\\\").replaceAll("\0", "\\0");
}
