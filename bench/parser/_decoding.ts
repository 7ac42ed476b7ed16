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
  type WorkloadName,
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

/** Least ratio to the fastest peer: 64 KiB, 1400 bytes, one event a chunk. */
const TARGETS: Record<WorkloadName, readonly (number | undefined)[]> = {
  openai: [1.3, 1.5, 1.5],
  anthropic: [1.3, 1.6, 1.5],
  ticks: [1.5, 1.6, 2.0],
  multiline: [1.1, 1.3, 1.2],
  mostly: [2.0, 2.5, 2.5],
  unicode: [1.6, 1.3, 2.0],
  crlf: [1.6, 1.8, 1.4],
  huge: [1.0, 1.1, undefined],
  comments: [undefined, undefined, undefined],
};

/** Least ratios for 1-byte chunks, to each peer. */
const ONE_BYTE_TARGETS: readonly (readonly [Decoder, number])[] = [
  [EVENTSOURCE_PARSER, 5],
  [OPENAI, 1.2],
];

const DECODERS = [OURS, EVENTSOURCE_PARSER, OPENAI];

/** Every workload in chunks of a usual size. */
export function decodingJobs(): Job[] {
  return WORKLOAD_NAMES.flatMap((name) =>
    USUAL_CHUNKINGS.flatMap((chunking, index): Job[] => {
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
              target: TARGETS[name][index],
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
          const hasTarget = chunking === "1B" && name !== "comments";
          return ONE_BYTE_TARGETS.map(([peer, target]) =>
            ratioRow(id, result, {
              ours: OURS.name,
              peer: peer.name,
              unit: workload.blocks.length,
              target: hasTarget ? target : undefined,
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
