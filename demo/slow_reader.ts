// Copyright 2026 the Tidings authors. MIT license.

/**
 * A client that reads far more slowly than events are published.
 *
 * @module
 */

import { connect, type EventStreamConnection } from "../client.ts";
import { checkEvents, unchecked } from "../typed/mod.ts";
import type { Measurement } from "./measurements.ts";

const PAUSE = 3000;

/** The state of the slow reader, which the page shows. */
export interface SlowReaderState {
  running: boolean;
  /** Events that it has read. */
  read: number;
  /** Events that it has missed. */
  lost: number;
  /** The sequence of the last event. */
  sequence: number;
}

/** A slow client: reads one event every three seconds while it is switched on. */
export class SlowReader {
  readonly #url: string;
  readonly #state: SlowReaderState = {
    running: false,
    read: 0,
    lost: 0,
    sequence: 0,
  };
  #connection: EventStreamConnection | undefined;
  /** Ends the current pause. */
  #endPause: (() => void) | undefined;

  /** @param url The address of the stream. */
  constructor(url: string) {
    this.#url = url;
  }

  /** How far it has read. */
  get state(): SlowReaderState {
    return { ...this.#state, running: this.#connection !== undefined };
  }

  /** Switches the slow reader on or off. */
  toggle(): void {
    if (this.#connection === undefined) this.#run();
    else this.stop();
  }

  /** Switches the slow reader off. */
  stop(): void {
    this.#connection?.close();
    this.#connection = undefined;
    this.#endPause?.();
  }

  async #run(): Promise<void> {
    Object.assign(this.#state, { read: 0, lost: 0, sequence: 0 });
    const connection = this.#connection = connect(this.#url);
    const schemas = { measurement: unchecked<Measurement>() };
    for await (const { json } of checkEvents(connection, schemas)) {
      const { sequence } = json;
      if (this.#state.sequence > 0) {
        this.#state.lost += sequence - this.#state.sequence - 1;
      }
      this.#state.sequence = sequence;
      this.#state.read++;
      await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PAUSE);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
