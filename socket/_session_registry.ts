// Copyright 2026 the Tidings authors. MIT license.

/**
 * The sockets of a process: it finds the session of a request, and `serveSocket()` asks
 * it whether there may be another socket.
 *
 * @module
 */

import { Admission, type AdmissionLimits } from "../_server/admission.ts";
import { StreamTally } from "../_server/stream_counters.ts";
import { HttpError } from "./_http_error.ts";
import type { SocketSession } from "./_server_session.ts";

const FULL = {
  503: "Cannot open socket: the server has too many",
  429: "Cannot open socket: this client has too many",
};

/** The sockets of this process: the sessions by ID, and those of each key. */
export class SessionRegistry {
  readonly #sessions = new Map<string, SocketSession>();
  readonly #admission = new Admission();
  #count = 0;

  /** How many sockets there are. */
  get size(): number {
    return this.#count;
  }

  /** How many sockets have no stream: their client is away, and may resume. */
  get away(): number {
    let away = 0;
    for (const session of this.#sessions.values()) {
      if (session.isAway) away++;
    }
    return away;
  }

  /** Finds a session. */
  find(id: string): SocketSession | undefined {
    return this.#sessions.get(id);
  }

  /** Lets a session be found. */
  add(session: SocketSession): void {
    this.#sessions.set(session.id, session);
  }

  /** Lets a session be found no more. */
  remove(session: SocketSession): void {
    this.#sessions.delete(session.id);
  }

  /**
   * Counts a socket.
   *
   * @param key Its owner.
   * @param limits How many there may be.
   * @param end Ends the socket, since a newer one takes its place.
   * @returns The function to call when it is closed; further calls do nothing.
   * @throws {HttpError} If there are too many.
   */
  admit(
    key: string | undefined,
    limits: AdmissionLimits,
    end: () => void,
  ): () => void {
    const decision = this.#admission.decide(this.#count, limits, () => key);
    if (typeof decision === "number") {
      throw new HttpError(decision, FULL[decision]);
    }
    const leave = key === undefined
      ? undefined
      : this.#admission.enter(key, end);
    this.#count++;
    let isCounted = true;
    return () => {
      if (!isCounted) return;
      isCounted = false;
      this.#count--;
      leave?.();
    };
  }

  /**
   * Ends the oldest sockets of a key if there are too many now. Call it when a new socket is
   * open: a request that is refused must replace none.
   */
  settle(
    key: string | undefined,
    { maxClientsPerKey, replacesOldest }: AdmissionLimits,
  ): void {
    if (key === undefined || replacesOldest !== true) return;
    this.#admission.endOldest(key, maxClientsPerKey);
  }
}

/** The sockets of this process. */
export const REGISTRY: SessionRegistry = new SessionRegistry();

/** Counts what they do. */
export const TALLY: StreamTally = new StreamTally();
