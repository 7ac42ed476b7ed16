// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks the replies of Deno KV: a wrapper around the store, a service or another program
 * may give any value.
 *
 * @module
 */

import { describeMismatch, quote } from "../../_validate.ts";
import type { KvAtomic, KvEntry, KvStore } from "./store.ts";

/** An entry has a value that no log has written. Another read gives the same. */
export class ForeignEntryError extends Error {}

/** How many numbers are at the end of a batch's key. */
const BATCH_NUMBERS = 4;

/**
 * Wraps a store: a reply of another form becomes an error.
 *
 * @param verb What fails if it is no store, such as a promise of one.
 * @param kv The store.
 * @throws {TypeError} If it has no `get()`.
 */
export function checkStore(verb: string, kv: KvStore): KvStore {
  if (typeof kv?.get !== "function") {
    const expected = "an open Deno.Kv";
    throw new TypeError(describeMismatch(verb, "kv", expected, kv));
  }
  return {
    get: async (key) => {
      const entry: unknown = await kv.get(key);
      if (!isEntry(entry)) throw makeReplyError("an entry", entry);
      return entry;
    },
    list: (selector, options) => checkBatches(kv.list(selector, options)),
    watch: (keys) => kv.watch(keys),
    atomic: () => checkAtomic(kv.atomic()),
  };
}

/**
 * Reads the state of a log, if there is one.
 *
 * @throws {ForeignEntryError} If the entry has another form.
 */
export function readState<T extends { epoch: string; last: number }>(
  { value, versionstamp }: KvEntry,
): T | undefined {
  if (versionstamp === null) return undefined;
  const { epoch, last } = (value ?? {}) as Partial<T>;
  if (typeof epoch === "string" && Number.isSafeInteger(last)) {
    return value as T;
  }
  throw new ForeignEntryError(
    `Cannot read event log: expected the state of a log in Deno KV, got a value ${
      quote(value)
    }`,
  );
}

async function* checkBatches(
  entries: AsyncIterable<unknown>,
): AsyncGenerator<KvEntry, void> {
  for await (const entry of entries) {
    if (!isEntry(entry)) throw makeReplyError("a batch of events", entry);
    const hasNumbers = entry.key.length > BATCH_NUMBERS &&
      entry.key.slice(-BATCH_NUMBERS).every(Number.isSafeInteger);
    // Another program has written it, and not where an event could be.
    if (!hasNumbers) continue;
    yield entry;
  }
}

function checkAtomic(atomic: KvAtomic): KvAtomic {
  const checked: KvAtomic = {
    check: (entry) => (atomic.check(entry), checked),
    set: (...args) => (atomic.set(...args), checked),
    delete: (key) => (atomic.delete(key), checked),
    commit: async () => {
      const result = await atomic.commit();
      const isResult = result?.ok === false ||
        (result?.ok === true && typeof result.versionstamp === "string");
      if (!isResult) throw makeReplyError("the result of a commit", result);
      return result;
    },
  };
  return checked;
}

function isEntry(entry: unknown): entry is KvEntry {
  const { key, versionstamp } = (entry ?? {}) as Partial<KvEntry>;
  return Array.isArray(key) &&
    (versionstamp === null || typeof versionstamp === "string");
}

function makeReplyError(expected: string, reply: unknown): Error {
  return new Error(
    `Cannot read the reply of Deno KV: expected ${expected}, got a value ${
      quote(reply)
    }`,
  );
}
