// Copyright 2026 the Tidings authors. MIT license.

/**
 * Stands in for the channel of a program, which then answers by `serveEvents()`. All
 * streams end with one signal.
 *
 * @module
 */

import { serveEvents } from "@tidings/sse/server";

/** As much of a channel as the programs and the probe call. */
export class EventChannel {
  #sessions = new Set();
  #shutdown = new AbortController();
  #published = 0;

  constructor() {
    globalThis.channels.add(this);
  }

  get size() {
    return this.#sessions.size;
  }

  serve(request) {
    return serveEvents(request, (session) => {
      this.#sessions.add(session);
      session.closed.then(() => this.#sessions.delete(session));
    }, { signal: this.#shutdown.signal });
  }

  publish({ data }) {
    const id = `${++this.#published}`;
    for (const session of this.#sessions) session.send({ data, id });
    return id;
  }

  close({ retry }) {
    for (const session of this.#sessions) session.send({ retry });
    this.#shutdown.abort();
  }
}
