// Copyright 2026 the Tidings authors. MIT license.

/**
 * Says in what two values differ, for the messages of the stand-in for `@std/assert`.
 *
 * @module
 */

/** Lines to show before and after the first that differs. */
const CONTEXT = 3;

/** Characters of a line: a longer one is cut. */
const LINE_LENGTH = 200;

/** Shows the lines around the first that is not the same. */
export function showDifference(actual: unknown, expected: unknown): string {
  const lines = [actual, expected].map((value) => inspect(value).split("\n"));
  const [left = [], right = []] = lines;
  const first = left.findIndex((line, i) => line !== right[i]);
  const from = Math.max((first === -1 ? left.length : first) - CONTEXT, 0);
  const [before, after] = lines.map((all) =>
    all.slice(from, from + 2 * CONTEXT + 1)
      .map((line) => line.slice(0, LINE_LENGTH)).join("\n")
  );
  const where = from === 0 ? "" : ` (from line ${from + 1})`;
  return `actual${where}:\n${before}\nexpected${where}:\n${after}`;
}

/** A value as lines of text, in all runtimes alike. */
export function inspect(value: unknown): string {
  const seen = new Set<unknown>();
  return JSON.stringify(value, (_key, member) => {
    if (member === undefined) return "(undefined)";
    if (typeof member === "bigint") return `${member}n`;
    if (typeof member === "number" && !Number.isFinite(member)) {
      return `(${member})`;
    }
    if (member instanceof Error) return `(${member})`;
    if (member instanceof Map || member instanceof Set) return [...member];
    if (member instanceof Uint8Array) {
      return `(${member.length} bytes: ${member})`;
    }
    if (typeof member === "object" && member !== null) {
      if (seen.has(member)) return "(seen above)";
      seen.add(member);
    }
    return member;
  }, 2) ?? String(value);
}
