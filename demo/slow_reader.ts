// Copyright 2026 the Tidings authors. MIT license.

/** A client that reads far more slowly than events are published. */

import { connect, type EventStreamConnection } from "../client.ts";
import { checkEvents, unchecked } from "../typed/mod.ts";
import type { Measurement } from "./measurements.ts";

const PAUSE = 3000;

/** What the page shows of it. */
export interface SlowReaderState {
  running: boolean;
  /** Events that it has read. */
  read: number;
  /** Events that it has missed. */
  lost: number;
  /** The sequence of the last one. */
  sequence: number;
}

/** Reads one event each three seconds while it is on. */
export class SlowReader {
  readonly #url: string;
  readonly #state: SlowReaderState = {
    running: false,
    read: 0,
    lost: 0,
    sequence: 0,
  };
  #connection: EventStreamConnection | undefined;
  /** Ends the pause under way. */
  #endPause: (() => void) | undefined;

  /** @param url The address of the stream. */
  constructor(url: string) {
    this.#url = url;
  }

  /** How far it is. */
  get state(): SlowReaderState {
    return { ...this.#state, running: this.#connection !== undefined };
  }

  /** Switches it on or off. */
  toggle(): void {
    if (this.#connection === undefined) this.#run();
    else this.stop();
  }

  /** Switches it off. */
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
