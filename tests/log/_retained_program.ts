// Copyright 2026 the Tidings authors. MIT license.

/**
 * Measures what is held of events that come from a parser, in a process with `gc()`. The
 * first argument names what holds them, the second what they are like. Prints the bytes of
 * heap that it takes.
 */

import { MemoryEventLog, MemoryEventLogs } from "../../log.ts";
import { EventStreamParser, type ServerSentEvent } from "../../mod.ts";
import { RecentEvents } from "../../shared/_recent_events.ts";
import { SendBuffer } from "../../socket/_send_buffer.ts";

type Holder = (event: ServerSentEvent) => unknown;

const EVENTS = 10_000;
const WARM_UP_EVENTS = 2000;
const ENCODER = new TextEncoder();

/** What keeps events for long. */
const HOLDERS: Record<string, () => Holder> = {
  MemoryEventLog(): Holder {
    const log = new MemoryEventLog({
      maxEvents: Infinity,
      maxBytes: 2 ** 19,
    });
    // A relay may make topics of what it receives.
    return (event) => log.append(event, { topics: [event.event] });
  },
  MemoryEventLogs(): Holder {
    const log = new MemoryEventLogs().open("relay");
    return (event) => log.append(event, { topics: [event.event] });
  },
  RecentEvents(): Holder {
    const recent = new RecentEvents("");
    return (event) => recent.push(event);
  },
  SendBuffer(): Holder {
    const buffer = new SendBuffer();
    return (event) => buffer.push(event.data);
  },
};

/** What makes a number of 15 digits the fields of an event. */
const BLOCKS: Record<string, (number: string) => string> = {
  tiny: (number) => `data:${Number(number)}\n\n`,
  small: (number) =>
    `id:id-${number}\nevent:type-${number}\ndata:${number}\n\n`,
  wide: (number) => `id:語-${number}\ndata:語${number.repeat(20)}\n\n`,
};

const [name = "", kind = ""] = Deno.args;
const makeHolder = HOLDERS[name];
const makeBlock = BLOCKS[kind];
if (makeHolder === undefined || makeBlock === undefined) {
  throw new Error(`There is no ${name} or ${kind}`);
}

// Each event comes in a window of its own: one that is kept keeps no other alive.
const comment = `:${"x".repeat(15 * 1024)}\n\n`;

// What the runtime makes of the code, when that first runs, is no part of what is held.
await fill(makeHolder(), WARM_UP_EVENTS, makeBlock);
const before = heapSize();
const hold = makeHolder();
await fill(hold, EVENTS, makeBlock);
console.log(heapSize() - before);
// It is held until now.
hold({ event: "message", data: "", id: "last", lastEventId: "last" });

/** Has a parser give events to what holds them, until that has done with them. */
async function fill(
  hold: Holder,
  events: number,
  makeBlock: (number: string) => string,
): Promise<void> {
  const parser = new EventStreamParser(hold);
  for (let index = 0; index < events; index++) {
    const block = makeBlock(String(index).padStart(15, "0"));
    parser.push(ENCODER.encode(block + comment));
  }
  await new Promise((resolve) => setTimeout(resolve, 0));
}

function heapSize(): number {
  const { gc } = globalThis as unknown as { gc: () => void };
  gc();
  gc();
  return Deno.memoryUsage().heapUsed;
}
