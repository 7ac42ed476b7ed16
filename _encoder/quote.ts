// Copyright 2026 the Tidings authors. MIT license.

/** Shows a value in an error: strings quoted and cut to 40 characters, others by type. */
export function quote(value: unknown): string {
  return typeof value === "string"
    ? JSON.stringify(value.slice(0, 40))
    : value === null
    ? "null"
    : `of type ${typeof value}`;
}
