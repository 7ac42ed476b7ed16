// Copyright 2026 the Tidings authors. MIT license.

/**
 * Decides whether one more client is admitted, by how many there are and by how many of
 * them have the same key. Channels and sockets use it.
 *
 * @module
 */

import { describeMismatch } from "../_validate.ts";

/** What happens with a client beyond the limit of its key. */
export type OnLimit = "refuse" | "replaceOldest";

/** How many clients there may be at a time. */
export interface AdmissionLimits {
  /** Of all keys together, and without one. */
  readonly maxClients: number;
  /** Of each key. */
  readonly maxClientsPerKey: number;
  /**
   * Whether a client beyond the limit of its key takes the place of the oldest one.
   * Left out, it is refused.
   */
  readonly replacesOldest?: boolean;
}

/** A client that is admitted. */
export interface AdmittedClient {
  /** The key by which it counts, if it has one. */
  readonly key: string | undefined;
}

/**
 * Checks the option `onLimit`.
 *
 * @throws {TypeError} If it is neither of the two.
 */
export function assertOnLimit(verb: string, onLimit: OnLimit): void {
  if (onLimit === "refuse" || onLimit === "replaceOldest") return;
  const expected = '"refuse" or "replaceOldest"';
  throw new TypeError(describeMismatch(verb, "onLimit", expected, onLimit));
}

/** Counts clients by their keys. */
export class Admission {
  /** The clients of each key, the oldest first, as functions that end them. */
  readonly #clients = new Map<string, Set<() => void>>();

  /** How many keys have clients. */
  get keys(): number {
    return this.#clients.size;
  }

  /**
   * Decides whether one more client is admitted. It is not counted before
   * {@linkcode Admission.enter}.
   *
   * @param clients How many clients there are.
   * @param limits How many there may be.
   * @param findKey Finds the key of the client. It may cost something, and is not called
   * if there are too many clients anyway.
   * @returns The client, or the status of its refusal: 503 if there are too many
   * clients, 429 if there are too many with its key.
   */
  decide(
    clients: number,
    { maxClients, maxClientsPerKey, replacesOldest }: AdmissionLimits,
    findKey: () => string | undefined,
  ): AdmittedClient | 503 | 429 {
    if (clients >= maxClients) return 503;
    const key = findKey();
    const isReplacing = replacesOldest === true && maxClientsPerKey > 0;
    return isReplacing || this.#count(key) < maxClientsPerKey ? { key } : 429;
  }

  /**
   * Counts a client.
   *
   * @param key Its key.
   * @param end Ends the client, since a newer one takes its place.
   * @returns What has to be called when the client has left.
   */
  enter(key: string, end: () => void = () => {}): () => void {
    // Each call counts, also with the same function.
    const client = (): void => end();
    const clients = this.#clients.get(key) ?? new Set();
    this.#clients.set(key, clients.add(client));
    return () => {
      clients.delete(client);
      // Otherwise each user that ever came would stay in memory.
      if (clients.size === 0 && this.#clients.get(key) === clients) {
        this.#clients.delete(key);
      }
    };
  }

  /**
   * Ends the oldest clients of a key until it has no more than a number of them.
   *
   * @param key The key.
   * @param maxClients How many may be left.
   */
  endOldest(key: string, maxClients: number): void {
    const clients = this.#clients.get(key);
    if (clients === undefined) return;
    for (const client of clients) {
      if (clients.size <= maxClients) return;
      clients.delete(client);
      client();
    }
  }

  #count(key: string | undefined): number {
    return key === undefined ? 0 : this.#clients.get(key)?.size ?? 0;
  }
}
