// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a log needs of Deno KV, in words of our own: a `Deno.Kv` is one, and nothing
 * here needs its types.
 *
 * @module
 */

import { assertName } from "../../_validate.ts";

/** A part of a key. */
export type KvKeyPart = Uint8Array | string | number | bigint | boolean;

/** An entry, or, without a versionstamp, the news that there is none. */
export interface KvEntry {
  /** Where it is. */
  readonly key: readonly unknown[];
  /** What it holds, `null` if there is none. */
  readonly value: unknown;
  /** Which version of it this is, `null` if there is none. */
  readonly versionstamp: string | null;
}

/** Writes that take place together or not at all. */
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
  /** Does it all, unless a check fails. */
  commit(): Promise<{ ok: true; versionstamp: string } | { ok: false }>;
}

/** The part of `Deno.Kv` that a {@linkcode DenoKvEventLog} uses. */
export interface KvStore {
  /** Gives one entry. */
  get(key: readonly KvKeyPart[]): Promise<KvEntry>;
  /** Gives the entries of a range, in the order of their keys. */
  list(
    selector: {
      prefix: readonly KvKeyPart[];
      start?: readonly KvKeyPart[];
      end?: readonly KvKeyPart[];
    },
    options?: { limit?: number; batchSize?: number },
  ): AsyncIterable<KvEntry>;
  /** Gives entries as they are, and again after each change. */
  watch(keys: readonly (readonly KvKeyPart[])[]): ReadableStream<unknown>;
  /** Begins a commit. */
  atomic(): KvAtomic;
}

/**
 * Checks what keys begin with. Deno KV writes text as UTF-8, in which all lone
 * surrogates are the same.
 *
 * @throws {TypeError} If a text is not well-formed.
 */
export function assertPrefix(verb: string, prefix: readonly KvKeyPart[]): void {
  for (const part of prefix) {
    if (typeof part === "string") assertName(verb, "prefix", part);
  }
}
