// Copyright 2026 the Tidings authors. MIT license.

/**
 * The part of Deno KV that logs use, as an interface of our own: a `Deno.Kv` implements
 * it, and the code needs none of its types.
 *
 * @module
 */

/** A part of a key. */
export type KvKeyPart = Uint8Array | string | number | bigint | boolean;

/** An entry; without a versionstamp, there is none under the key. */
export interface KvEntry {
  /** Its key. */
  readonly key: readonly unknown[];
  /** Its value, `null` if there is no entry. */
  readonly value: unknown;
  /** Its version, `null` if there is no entry. */
  readonly versionstamp: string | null;
}

/** Writes that are done together or not at all. */
export interface KvAtomic {
  /** Makes the commit fail if the entry has another versionstamp. */
  check(
    entry: { key: readonly KvKeyPart[]; versionstamp: string | null },
  ): KvAtomic;
  /** Writes an entry. `expireIn` is in milliseconds. */
  set(
    key: readonly KvKeyPart[],
    value: unknown,
    options?: { expireIn?: number },
  ): KvAtomic;
  /** Removes an entry. */
  delete(key: readonly KvKeyPart[]): KvAtomic;
  /** Does all writes, unless a check fails. */
  commit(): Promise<{ ok: true; versionstamp: string } | { ok: false }>;
}

/** The part of `Deno.Kv` that a {@linkcode DenoKvEventLog} uses. */
export interface KvStore {
  /** Reads one entry. */
  get(key: readonly KvKeyPart[]): Promise<KvEntry>;
  /** Reads the entries of a range, in the order of their keys. */
  list(
    selector: {
      prefix: readonly KvKeyPart[];
      start?: readonly KvKeyPart[];
      end?: readonly KvKeyPart[];
    },
    options?: { limit?: number; batchSize?: number },
  ): AsyncIterable<KvEntry>;
  /** Reads entries now, and again after each change. */
  watch(keys: readonly (readonly KvKeyPart[])[]): ReadableStream<unknown>;
  /** Starts a commit. */
  atomic(): KvAtomic;
}
