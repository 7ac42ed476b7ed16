// Copyright 2026 the Tidings authors. MIT license.

/**
 * Decides whether one more client is admitted, by how many there are and by how many of
 * them have the same key. Channels and sockets use it.
 *
 * @module
 */

/** How many clients there may be at a time. */
export interface AdmissionLimits {
  /** Of all keys together, and without one. */
  readonly maxClients: number;
  /** Of each key. */
  readonly maxClientsPerKey: number;
}

/** A client that is admitted. */
export interface AdmittedClient {
  /** The key by which it counts, if it has one. */
  readonly key: string | undefined;
}

/** Counts clients by their keys. */
export class Admission {
  readonly #clientsPerKey = new Map<string, number>();

  /** How many keys have clients. */
  get keys(): number {
    return this.#clientsPerKey.size;
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
    { maxClients, maxClientsPerKey }: AdmissionLimits,
    findKey: () => string | undefined,
  ): AdmittedClient | 503 | 429 {
    if (clients >= maxClients) return 503;
    const key = findKey();
    return this.#count(key) < maxClientsPerKey ? { key } : 429;
  }

  /**
   * Counts a client.
   *
   * @param key Its key.
   * @returns What has to be called once when the client has left.
   */
  enter(key: string): () => void {
    this.#clientsPerKey.set(key, this.#count(key) + 1);
    return () => {
      const left = this.#count(key) - 1;
      // Otherwise each user that ever came would stay in memory.
      if (left === 0) this.#clientsPerKey.delete(key);
      else this.#clientsPerKey.set(key, left);
    };
  }

  #count(key: string | undefined): number {
    return key === undefined ? 0 : this.#clientsPerKey.get(key) ?? 0;
  }
}
