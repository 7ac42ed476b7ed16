// Copyright 2026 the Tidings authors. MIT license.

import type { KvAtomic, KvStore } from "../../logs/deno_kv.ts";

/**
 * A store that knows which of its entries have expired: Deno KV removes them when it
 * comes to it, which takes longer than a test does.
 */
export class ExpiringKv implements KvStore {
  readonly #kv: Deno.Kv;
  /** When entries expire, by their keys as JSON. */
  readonly #expiry = new Map<string, number>();

  constructor(kv: Deno.Kv) {
    this.#kv = kv;
  }

  /** How many entries there are that have not expired. */
  async count(): Promise<number> {
    let count = 0;
    for await (const { key } of this.#kv.list({ prefix: [] })) {
      const expiry = this.#expiry.get(JSON.stringify(key)) ?? Infinity;
      if (expiry > Date.now()) count++;
    }
    return count;
  }

  get(...args: Parameters<KvStore["get"]>): ReturnType<KvStore["get"]> {
    return this.#kv.get(...args);
  }

  list(...[selector, options]: Parameters<KvStore["list"]>) {
    return this.#kv.list(selector as Deno.KvListSelector, options);
  }

  watch(keys: Parameters<KvStore["watch"]>[0]): ReadableStream<unknown> {
    return this.#kv.watch([...keys]);
  }

  atomic(): KvAtomic {
    const atomic = this.#kv.atomic();
    const sets: { key: readonly unknown[]; time: number }[] = [];
    const recording: KvAtomic = {
      check: (entry) => (atomic.check(entry), recording),
      delete: (key) => (atomic.delete(key), recording),
      set: (key, value, options) => {
        const { expireIn = Infinity } = options ?? {};
        sets.push({ key, time: Date.now() + expireIn });
        atomic.set(key, value, options);
        return recording;
      },
      commit: async () => {
        const result = await atomic.commit();
        if (result.ok) {
          for (const { key, time } of sets) {
            this.#expiry.set(JSON.stringify(key), time);
          }
        }
        return result;
      },
    };
    return recording;
  }
}
