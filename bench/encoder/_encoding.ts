// Copyright 2026 the Tidings authors. MIT license.

/** The table for events in, bytes out. */

import { checkEvents } from "../_check.ts";
import { type DecodedEvent, EVENTSOURCE_PARSER } from "../parser/_decoders.ts";
import {
  ENCODE_EVENT,
  ENCODE_EVENTS,
  type Encoder,
  ENCODER_STREAM,
  type EventInit,
  EVENTSOURCE_ENCODER,
  EVENTSOURCE_ENCODER_JOINED,
  EVENTSOURCE_ENCODER_STREAM,
  loadStdHttpStream,
  type StreamEncoder,
} from "./_encoders.ts";
import { createWorkload, type Workload } from "../_fixtures.ts";
import { STD_HTTP_NAME } from "../parser/_stream_decoders.ts";
import { type Contestant, race } from "../_measure.ts";
import { type Job, ratioRow, type Row, skippedRow } from "../_table.ts";

/** The workloads with something to encode that is not the same but for its line ends. */
export const ENCODING_NAMES = [
  "openai",
  "anthropic",
  "ticks",
  "multiline",
  "unicode",
] as const;
/** Bytes of a workload: its chunks are all kept until a run ends. */
export const ENCODING_SIZE = 1 << 18;

/** Every workload by call and by stream. */
export function encodingJobs(): Job[] {
  return ENCODING_NAMES.flatMap((name) => {
    const id = `encode/${name}`;
    return [
      { id, run: () => callRows(id, createWorkload(name, ENCODING_SIZE)) },
      {
        id: `${id}/stream`,
        run: () =>
          streamRows(`${id}/stream`, createWorkload(name, ENCODING_SIZE)),
      },
    ];
  });
}

/** Ours first, then the peers: one event and many events a call. */
export function callContestants(workload: Workload): Contestant[] {
  return [
    ENCODE_EVENT,
    ENCODE_EVENTS,
    EVENTSOURCE_ENCODER,
    EVENTSOURCE_ENCODER_JOINED,
  ].map((encoder) => callContestant(encoder, workload));
}

/** Ours first, then the peers that can be reached: streams. */
export async function streamContestants(
  workload: Workload,
): Promise<Contestant[]> {
  const encoders = [ENCODER_STREAM, EVENTSOURCE_ENCODER_STREAM];
  const stdHttp = await loadStdHttpStream();
  if (stdHttp !== undefined) encoders.push(stdHttp);
  return encoders.map((encoder) => streamContestant(encoder, workload));
}

async function callRows(id: string, workload: Workload): Promise<Row[]> {
  const result = await race(callContestants(workload));
  const row = (ours: Encoder, peer: Encoder) =>
    ratioRow(`${id} ${ours.name}`, result, {
      ours: ours.name,
      peer: peer.name,
      unit: workload.events.length,
    });
  return [
    row(ENCODE_EVENT, EVENTSOURCE_ENCODER),
    row(ENCODE_EVENTS, EVENTSOURCE_ENCODER),
    row(ENCODE_EVENTS, EVENTSOURCE_ENCODER_JOINED),
  ];
}

async function streamRows(id: string, workload: Workload): Promise<Row[]> {
  const result = await race(await streamContestants(workload));
  const ours = ENCODER_STREAM.name;
  const name = `${id} ${ours}`;
  return [EVENTSOURCE_ENCODER_STREAM.name, STD_HTTP_NAME].map((peer) => {
    if (!result.has(peer)) {
      return skippedRow(name, peer, "ignored: JSR is out of reach");
    }
    return ratioRow(name, result, {
      ours,
      peer,
      unit: workload.events.length,
    });
  });
}

function callContestant(encoder: Encoder, workload: Workload): Contestant {
  const inits = initsOf(workload);
  let length = 0;
  return {
    name: encoder.name,
    check(): void {
      const chunks = encoder.encode(inits);
      checkChunks(workload, chunks);
      length = lengthOf(chunks);
    },
    run(): void {
      checkLength(lengthOf(encoder.encode(inits)), length);
    },
  };
}

function streamContestant(
  encoder: StreamEncoder,
  workload: Workload,
): Contestant {
  const inits = initsOf(workload);
  const encodeAll = () =>
    Array.fromAsync(ReadableStream.from(inits).pipeThrough(encoder.open()));
  let length = 0;
  return {
    name: encoder.name,
    async check(): Promise<void> {
      const chunks = await encodeAll();
      checkChunks(workload, chunks);
      length = lengthOf(chunks);
    },
    async run(): Promise<void> {
      checkLength(lengthOf(await encodeAll()), length);
    },
  };
}

/** The events of a workload as they are handed to an encoder. */
function initsOf(workload: Workload): EventInit[] {
  return workload.events.map(({ event, data, id }) => ({
    ...(event === "message" ? {} : { event }),
    data,
    ...(id === undefined ? {} : { id }),
  }));
}

/** Decodes what was encoded, by a peer's decoder, and compares. */
function checkChunks(
  workload: Workload,
  chunks: readonly Uint8Array[],
): void {
  const decoded: DecodedEvent[] = [];
  const push = EVENTSOURCE_PARSER.open((event) => decoded.push(event));
  for (const chunk of chunks) push(chunk);
  checkEvents(true, workload, decoded);
}

function lengthOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

function checkLength(length: number, expected: number): void {
  if (length === expected) return;
  throw new Error(`expected ${expected} bytes, got ${length}`);
}
