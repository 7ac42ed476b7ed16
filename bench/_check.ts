// Copyright 2026 the Tidings authors. MIT license.

/**
 * Checks of what a decoder gave: in full once, and cheaply in every timed run. What
 * they throw is the reason alone, since the race knows whom it is about.
 */

import type { Workload } from "./_fixtures.ts";
import type { DecodedEvent } from "./parser/_decoders.ts";

/** Counts events and the code units of their data, the check of a timed run. */
export class Tally {
  #workload: Workload;
  #events = 0;
  #dataLength = 0;

  constructor(workload: Workload) {
    this.#workload = workload;
  }

  /** Takes one event in. */
  add(event: DecodedEvent): void {
    this.#events++;
    this.#dataLength += event.data.length;
  }

  /** Throws unless all events of the workload came. */
  check(): void {
    const { events, dataLength } = this.#workload;
    if (this.#events === events.length && this.#dataLength === dataLength) {
      return;
    }
    throw new Error(
      `it gave ${this.#events} events with ${this.#dataLength} code units of data, ${events.length} with ${dataLength} are wanted`,
    );
  }
}

/** Throws unless a decoder gave exactly the events of the workload. */
export function checkEvents(
  hasId: boolean,
  workload: Workload,
  decoded: readonly DecodedEvent[],
): void {
  const { events } = workload;
  const differs = decoded.length !== events.length ||
    events.some(({ event, data, id }, index) => {
      const other = decoded[index]!;
      return (other.event || "message") !== event || other.data !== data ||
        (hasId && other.id !== id);
    });
  if (differs) {
    throw new Error("its events are not those of the workload");
  }
}
