// Copyright 2026 the Tidings authors. MIT license.

/** How time grows with what is dripped in, and how much memory a kept event keeps. */

import { cutBytes } from "./_fixtures.ts";
import { type Contestant, race, type RaceResult } from "./_measure.ts";
import { type Decoder, EVENTSOURCE_PARSER, OURS } from "./parser/_decoders.ts";
import {
  loadStdHttpDecoder,
  READ_EVENTS,
  STD_HTTP_NAME,
  type StreamDecoder,
} from "./parser/_stream_decoders.ts";
import { streamOf } from "./parser/_streaming.ts";
import { type Job, type Row, skippedRow } from "./_table.ts";

const RETAINED_CHUNKS = 200;
const KIB = 1024;
const ENCODER = new TextEncoder();

/** A stream of any length that holds one event or none, and its chunks' size. */
interface Drip {
  name: string;
  /** Bytes of the smallest of the three lengths. */
  size: number;
  chunkSize: number;
  /** Makes the text of about that many bytes. */
  text(size: number): string;
  events: number;
}

const LONG_LINE: Drip = {
  name: "line 16KiB",
  size: 2048 * KIB,
  chunkSize: 16 * KIB,
  text: dataLine,
  events: 1,
};

const DRIPS: readonly Drip[] = [
  LONG_LINE,
  {
    name: "line 16B",
    size: 64 * KIB,
    chunkSize: 16,
    text: dataLine,
    events: 1,
  },
  { name: "line 1B", size: 16 * KIB, chunkSize: 1, text: dataLine, events: 1 },
  {
    name: "unicode line 16B",
    size: 64 * KIB,
    chunkSize: 16,
    text: (size) => `data: ${"я事".repeat(size / 5)}\n\n`,
    events: 1,
  },
  {
    name: "data lines 1400B",
    size: 256 * KIB,
    chunkSize: 1400,
    text: (size) => "data: abcdefgh\n".repeat(size / 15) + "\n",
    events: 1,
  },
  {
    name: "comment 16B",
    size: 64 * KIB,
    chunkSize: 16,
    text: (size) => `:${"x".repeat(size)}\n\n`,
    events: 0,
  },
  {
    name: "unknown field 16B",
    size: 64 * KIB,
    chunkSize: 16,
    text: (size) => `${"x".repeat(size)}\n\n`,
    events: 0,
  },
  {
    name: "line feeds, one CR, one chunk",
    size: 256 * KIB,
    chunkSize: 1 << 30,
    text: (size) => ":x\n".repeat(size / 3) + "data: x\r\r",
    events: 1,
  },
];

/** What is kept of an event, and the data that all events of its stream have. */
interface Keepsake {
  name: string;
  field: "data" | "event" | "id";
  data: string;
}

const KEEPSAKES: readonly Keepsake[] = [
  { name: "data", field: "data", data: "a small event to keep" },
  { name: "data, not ASCII", field: "data", data: "a small event — to keep" },
  { name: "event", field: "event", data: "a small event to keep" },
  { name: "id", field: "id", data: "a small event to keep" },
];

/**
 * Each drip at n, 2n and 4n, and a long line for those that are streams. The time for 4n
 * over the time for n is 4 if it is linear, and 16 if it is quadratic.
 */
export function growthJobs(): Job[] {
  return [...DRIPS.map(dripJob), streamJob(LONG_LINE)];
}

function dripJob(drip: Drip): Job {
  const id = `growth/${drip.name}`;
  return {
    id,
    async run(): Promise<Row[]> {
      const decoders = [OURS, EVENTSOURCE_PARSER];
      const result = await race(
        decoders.flatMap((decoder) =>
          [1, 2, 4].map((factor) => dripper(drip, decoder, factor))
        ),
      );
      const growth = growthOf(result, OURS, 4);
      return [{
        name: id,
        ours: `${growthOf(result, OURS, 2).toFixed(1)} × at 2n`,
        peer: `${EVENTSOURCE_PARSER.name} ${
          growthOf(result, EVENTSOURCE_PARSER, 4).toFixed(1)
        } × at 4n`,
        peerName: EVENTSOURCE_PARSER.name,
        result: `${growth.toFixed(1)} × at 4n`,
        figure: growth,
      }];
    },
  };
}

/** `readEvents()` beside `@std/http`, which has no decoder that is pushed. */
function streamJob(drip: Drip): Job {
  const id = `growth/${drip.name}, stream`;
  return {
    id,
    async run(): Promise<Row[]> {
      const stdHttp = await loadStdHttpDecoder();
      const decoders = [READ_EVENTS, ...stdHttp === undefined ? [] : [stdHttp]];
      const result = await race(
        decoders.flatMap((decoder) =>
          [1, 2, 4].map((factor) => streamDripper(drip, decoder, factor))
        ),
      );
      const growth = growthOf(result, READ_EVENTS, 4);
      const row = skippedRow(id, STD_HTTP_NAME, "ignored: JSR is out of reach");
      return [{
        ...row,
        ours: `${growthOf(result, READ_EVENTS, 2).toFixed(1)} × at 2n`,
        figure: growth,
        ...stdHttp !== undefined && {
          peer: `${STD_HTTP_NAME} ${
            growthOf(result, stdHttp, 4).toFixed(1)
          } × at 4n`,
          result: `${growth.toFixed(1)} × at 4n`,
        },
      }];
    },
  };
}

/** Keeping a part of one small event of each 64 KiB chunk. */
export function memoryJobs(): Job[] {
  return KEEPSAKES.map((keepsake): Job => {
    const id = `memory/${keepsake.name}`;
    return {
      id,
      run(): Promise<Row[]> {
        const ours = retainedKiB(OURS, keepsake);
        const peer = retainedKiB(EVENTSOURCE_PARSER, keepsake);
        return Promise.resolve([{
          name: id,
          ours: `${ours.toFixed(1)} KiB`,
          peer: `${EVENTSOURCE_PARSER.name} ${peer.toFixed(1)} KiB`,
          peerName: EVENTSOURCE_PARSER.name,
          result: `${(peer / ours).toFixed(1)} ×`,
          figure: ours,
        }]);
      },
    };
  });
}

function dataLine(size: number): string {
  return `data: ${"x".repeat(size)}\n\n`;
}

function dripper(drip: Drip, decoder: Decoder, factor: number): Contestant {
  const bytes = ENCODER.encode(drip.text(drip.size * factor));
  const chunks = cutBytes(bytes, drip.chunkSize);
  const name = contestantName(decoder, factor);
  return {
    name,
    run(): void {
      let events = 0;
      const push = decoder.open(() => events++);
      for (const chunk of chunks) push(chunk);
      if (events === drip.events) return;
      throw new Error(
        `it gave ${events} events, ${drip.events} are wanted`,
      );
    },
  };
}

function streamDripper(
  drip: Drip,
  decoder: StreamDecoder,
  factor: number,
): Contestant {
  const bytes = ENCODER.encode(drip.text(drip.size * factor));
  const chunks = cutBytes(bytes, drip.chunkSize);
  return {
    name: contestantName(decoder, factor),
    async run(): Promise<void> {
      const events = await Array.fromAsync(decoder.decode(streamOf(chunks)));
      if (events.length === drip.events) return;
      throw new Error(
        `it gave ${events.length} events, expected ${drip.events}`,
      );
    },
  };
}

/** Time for `factor` times n over time for n. */
function growthOf(
  result: RaceResult,
  decoder: { name: string },
  factor: number,
): number {
  return result.ratio(
    contestantName(decoder, 1),
    contestantName(decoder, factor),
  );
}

function contestantName(decoder: { name: string }, factor: number): string {
  return `${decoder.name} at ${factor}n`;
}

/** Kibibytes of heap for each kept string, one from the middle of each chunk. */
function retainedKiB(decoder: Decoder, { field, data }: Keepsake): number {
  const block = ENCODER.encode(
    `id: 2026-01-01T00:00:00.000Z\nevent: content_block_delta\ndata: ${data}\n\n`,
  );
  const eventsInChunk = Math.floor(64 * KIB / block.length);
  const chunk = new Uint8Array(eventsInChunk * block.length);
  for (let i = 0; i < eventsInChunk; i++) chunk.set(block, i * block.length);
  const kept: unknown[] = [];
  let seen = 0;
  const push = decoder.open((event) => {
    if (seen++ % eventsInChunk === eventsInChunk >> 1) kept.push(event[field]);
  });
  const before = liveBytes();
  for (let i = 0; i < RETAINED_CHUNKS; i++) push(chunk.slice());
  const after = liveBytes();
  if (kept.length !== RETAINED_CHUNKS) {
    throw new Error(
      `Cannot measure ${decoder.name}: it gave ${seen} events, ${
        RETAINED_CHUNKS * eventsInChunk
      } are wanted`,
    );
  }
  return (after - before) / kept.length / KIB;
}

function liveBytes(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) {
    throw new Error(
      "Cannot measure memory: gc is missing, --v8-flags=--expose-gc is wanted",
    );
  }
  gc();
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
