// Copyright 2026 the Tidings authors. MIT license.

/** The tables for bytes in, events out, by synchronous push. */

import { checkEvents, Tally } from "../_check.ts";
import {
  type Chunking,
  createWorkload,
  cut,
  TINY_CHUNKS_SIZE,
  USUAL_CHUNKINGS,
  type Workload,
  WORKLOAD_NAMES,
} from "../_fixtures.ts";
import { type Contestant, race } from "../_measure.ts";
import {
  type DecodedEvent,
  type Decoder,
  EVENTSOURCE_PARSER,
  OPENAI,
  OURS,
} from "./_decoders.ts";
import { type Job, ratioRow, type Row } from "../_table.ts";

const DECODERS = [OURS, EVENTSOURCE_PARSER, OPENAI];

/** Every workload in chunks of a usual size. */
export function decodingJobs(): Job[] {
  return WORKLOAD_NAMES.flatMap((name) =>
    USUAL_CHUNKINGS.flatMap((chunking): Job[] => {
      const id = `decode/${name}/${chunking}`;
      if (name === "huge" && chunking === "event") return [];
      return [{
        id,
        async run(): Promise<Row[]> {
          const workload = createWorkload(name);
          const result = await race(decodingContestants(workload, chunking));
          return result.opponents([OURS.name]).map((peer) =>
            ratioRow(id, result, {
              ours: OURS.name,
              peer,
              unit: workload.blocks.length,
            })
          );
        },
      }];
    })
  );
}

/** Every workload in chunks of 16 bytes and of one byte. */
export function tinyChunksJobs(): Job[] {
  return WORKLOAD_NAMES.filter((name) => name !== "huge").flatMap((name) =>
    (["16B", "1B"] as const).map((chunking): Job => {
      const id = `decode/${name}/${chunking}`;
      return {
        id,
        async run(): Promise<Row[]> {
          const workload = createWorkload(name, TINY_CHUNKS_SIZE);
          const result = await race(decodingContestants(workload, chunking));
          return [EVENTSOURCE_PARSER, OPENAI].map((peer) =>
            ratioRow(id, result, {
              ours: OURS.name,
              peer: peer.name,
              unit: workload.blocks.length,
            })
          );
        },
      };
    })
  );
}

/** Ours first, then the peers, all on the same chunks. */
export function decodingContestants(
  workload: Workload,
  chunking: Chunking,
): Contestant[] {
  const chunks = cut(workload, chunking);
  return DECODERS.map((decoder): Contestant => ({
    name: decoder.name,
    check(): void {
      const decoded: DecodedEvent[] = [];
      decodeAll(decoder, chunks, (event) => decoded.push(event));
      checkEvents(decoder.hasId, workload, decoded);
    },
    run(): void {
      const tally = new Tally(workload);
      decodeAll(decoder, chunks, (event) => tally.add(event));
      tally.check();
    },
  }));
}

function decodeAll(
  decoder: Decoder,
  chunks: readonly Uint8Array[],
  onEvent: (event: DecodedEvent) => void,
): void {
  const push = decoder.open(onEvent);
  for (const chunk of chunks) push(chunk);
}
