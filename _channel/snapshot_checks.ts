// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks the option `snapshot` of a channel and of a client, and fills in the defaults.
 *
 * @module
 */

import type { EventSnapshot, SharedEventSnapshot } from "./state_options.ts";
import type { SnapshotSource } from "./snapshot_load.ts";
import { type OptionKinds, readOptions } from "../_options.ts";
import { assertName, assertNumber, describeMismatch } from "../_validate.ts";

const SHARED_OPTIONS: OptionKinds<SharedEventSnapshot> = {
  key: "any",
  maxAge: "any",
  load: "a function",
};

/**
 * Checks a snapshot.
 *
 * @param verb What fails otherwise.
 * @returns The checked snapshot; `undefined` if there is none.
 * @throws {TypeError} If it is neither a function nor an object with `key` and `load`, or
 * an option is unknown or of the wrong type.
 * @throws {RangeError} If `key` is empty, or `maxAge` is outside its range.
 */
export function checkSnapshot(
  verb: string,
  snapshot: EventSnapshot | undefined,
): SnapshotSource | undefined {
  if (snapshot === undefined) return undefined;
  if (typeof snapshot === "function") {
    return { key: undefined, maxAge: 0, load: snapshot };
  }
  if (snapshot === null || typeof snapshot !== "object") {
    const expected = "an object with a key and load, or a function";
    throw new TypeError(describeMismatch(verb, "snapshot", expected, snapshot));
  }
  const { key, maxAge = 1000, load } = readOptions(
    verb,
    snapshot,
    SHARED_OPTIONS,
    "snapshot",
  );
  assertName(verb, "snapshot.key", key);
  if (key === "") {
    const expected = "text that is not empty";
    throw new RangeError(describeMismatch(verb, "snapshot.key", expected, key));
  }
  assertNumber(verb, "snapshot.maxAge", maxAge, 0);
  if (load === undefined) {
    throw new TypeError(
      describeMismatch(verb, "snapshot.load", "a function", load),
    );
  }
  return { key, maxAge, load };
}
