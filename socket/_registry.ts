// Copyright 2026 the Tidings authors. MIT license.

import { Refusal } from "./_refusal.ts";
import type { SocketSession } from "./_session.ts";

/** How many sockets there may be. */
export interface RegistryLimits {
  maxSessions: number;
  maxSessionsPerKey: number;
}

/** The sockets of this process: the sessions by id, and how many there are of each key. */
export class SocketRegistry {
  readonly #sessions = new Map<string, SocketSession>();
  readonly #counts = new Map<string, number>();
  #count = 0;

  /** Finds a session. */
  find(id: string): SocketSession | undefined {
    return this.#sessions.get(id);
  }

  /** Lets a session be found. */
  add(session: SocketSession): void {
    this.#sessions.set(session.id, session);
  }

  /** Ends that. */
  remove(session: SocketSession): void {
    this.#sessions.delete(session.id);
  }

  /**
   * Counts a socket.
   *
   * @returns What has to be called when it is closed.
   * @throws {Refusal} If there are too many.
   */
  admit(key: string | undefined, limits: RegistryLimits): () => void {
    if (this.#count >= limits.maxSessions) {
      throw new Refusal(
        503,
        "Cannot open socket: there are too many, fewer are wanted",
      );
    }
    const count = key === undefined ? 0 : this.#counts.get(key) ?? 0;
    if (count >= limits.maxSessionsPerKey) {
      throw new Refusal(
        429,
        "Cannot open socket: this client has too many, fewer are wanted",
      );
    }
    this.#count++;
    if (key !== undefined) this.#counts.set(key, count + 1);
    return () => {
      this.#count--;
      if (key !== undefined) this.#release(key);
    };
  }

  #release(key: string): void {
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
  }
}
