// Copyright 2026 the Tidings authors. MIT license.

/**
 * Stands in for the channel of a program, which then answers by `serveSocket()`: each
 * socket gets an answer to what it sends.
 *
 * @module
 */

import { serveSocket } from "@tidings/sse/socket-server";

/** As much of a channel as the programs and the probe call. */
export class EventChannel {
  #sockets = new Set();
  #shutdown = new AbortController();

  constructor() {
    globalThis.channels.add(this);
  }

  get size() {
    return this.#sockets.size;
  }

  serve(request) {
    return serveSocket(request, (socket) => {
      this.#sockets.add(socket);
      socket.onclose = () => this.#sockets.delete(socket);
      socket.onmessage = ({ data }) => socket.send(`You said ${data}`);
    }, { signal: this.#shutdown.signal });
  }

  close() {
    this.#shutdown.abort();
  }
}
