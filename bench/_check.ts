// Copyright 2026 the Tidings authors. MIT license.

/** Checks of what a decoder gave: in full once, and cheaply in every timed run. */

import type { Workload } from "./_fixtures.ts";
import type { DecodedEvent } from "./_decoders.ts";

/** Counts events and the code units of their data, the check of a timed run. */
export class Tally {
  #name: string;
  #workload: Workload;
  #events = 0;
  #dataLength = 0;

  /** Begins a tally of the decoder with that name. */
  constructor(name: string, workload: Workload) {
    this.#name = name;
    this.#workload = workload;
  }

  /** Takes one event in. */
  add(event: DecodedEvent): void {
    this.#events++;
    this.#dataLength += event.data.length;
  }

  /** Throws unless all events of the workload came. */
  check(): void {
    const { name, events, dataLength } = this.#workload;
    if (this.#events === events.length && this.#dataLength === dataLength) {
      return;
    }
    throw new Error(
      `Cannot time ${this.#name} on ${name}: it gave ${this.#events} events with ${this.#dataLength} code units of data, ${events.length} with ${dataLength} are wanted`,
    );
  }
}

/** Throws unless a decoder gave exactly the events of the workload. */
export function checkEvents(
  name: string,
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
    throw new Error(
      `Cannot time ${name} on ${workload.name}: its events are not those of the workload`,
    );
  }
}
