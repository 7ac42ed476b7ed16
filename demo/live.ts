// Copyright 2026 the Tidings authors. MIT license.

/**
 * The measurements of this machine as a live view: the page is made with the last minute
 * and a cursor, and its stream goes on from there.
 *
 * @module
 */

import { EventChannel } from "../channel.ts";
import type { EventCompression } from "../server.ts";
import { measure, type Measurement } from "./measurements.ts";

const INTERVAL = 500;
/** Measurements that a chart shows: one minute. */
const LENGTH = 120;

/** What a page begins with. */
export interface LiveState {
  /** The position in the channel's history that the measurements belong to. */
  cursor: string;
  measurements: readonly Measurement[];
}

// #region live
/** Measures this machine twice a second, and publishes what it finds. */
export class Live {
  readonly channel: EventChannel<{ measurement: Measurement }>;
  readonly #latest: Measurement[] = [];
  readonly #stop: () => void;

  constructor(compression: EventCompression) {
    this.channel = new EventChannel({ retry: 1000, compression });
    this.#stop = measure(INTERVAL, (measurement) => {
      // The state changes first, then the event is published: nobody misses it.
      this.#latest.push(measurement);
      if (this.#latest.length > LENGTH) this.#latest.shift();
      this.channel.publish({ event: "measurement", json: measurement });
    });
  }

  /** The state for a new page. Its cursor is taken before the state is read. */
  async read(): Promise<LiveState> {
    const cursor = await this.channel.cursor();
    return { cursor, measurements: [...this.#latest] };
  }

  serve(request: Request): Response {
    return this.channel.serve(request);
  }

  async close(): Promise<void> {
    this.#stop();
    await this.channel.close();
  }
}
// #endregion
