// Copyright 2026 the Tidings authors. MIT license.

/** The table for a `ReadableStream` of bytes in, `for await` of events out. */

import { checkEvents, Tally } from "../_check.ts";
import {
  type Chunking,
  createWorkload,
  cut,
  USUAL_CHUNKINGS,
  type Workload,
  WORKLOAD_NAMES,
} from "../_fixtures.ts";
import { type Contestant, race, type RaceResult } from "../_measure.ts";
import {
  DECODER_STREAM,
  EVENTSOURCE_PARSER_STREAM,
  loadStdHttpDecoder,
  OPENAI_STREAM,
  READ_EVENTS,
  STD_HTTP_NAME,
} from "./_stream_decoders.ts";
import { type Job, ratioRow, type Row, skippedRow } from "../_table.ts";

const DECODERS = [
  READ_EVENTS,
  DECODER_STREAM,
  EVENTSOURCE_PARSER_STREAM,
  OPENAI_STREAM,
];
const OUR_NAMES = [READ_EVENTS.name, DECODER_STREAM.name];

/** Every workload of many events, in chunks of a usual size. */
export function streamingJobs(): Job[] {
  const names = WORKLOAD_NAMES.filter((name) =>
    name !== "huge" && name !== "comments"
  );
  return names.flatMap((name) =>
    USUAL_CHUNKINGS.map((chunking): Job => {
      const id = `stream/${name}/${chunking}`;
      return {
        id,
        async run(): Promise<Row[]> {
          const workload = createWorkload(name);
          const contestants = await streamingContestants(workload, chunking);
          const result = await race(contestants);
          const peers = result.opponents(OUR_NAMES);
          const rows = OUR_NAMES.flatMap((ours) =>
            peers.map((peer) =>
              ratioRow(`${id} ${ours}`, result, {
                ours,
                peer,
                unit: workload.events.length,
              })
            )
          );
          return peers.includes(STD_HTTP_NAME)
            ? rows
            : [...rows, stdHttpRow(id, result, workload.events.length)];
        },
      };
    })
  );
}

/** Stream beside stream, also where another peer is faster. */
function stdHttpRow(id: string, result: RaceResult, unit: number): Row {
  const ours = DECODER_STREAM.name;
  const peer = STD_HTTP_NAME;
  const name = `${id} ${ours}`;
  return result.has(peer)
    ? ratioRow(name, result, { ours, peer, unit })
    : skippedRow(name, peer, "ignored: JSR is out of reach");
}

/** Ours first, then the peers that can be reached, all on the same chunks. */
export async function streamingContestants(
  workload: Workload,
  chunking: Chunking,
): Promise<Contestant[]> {
  const chunks = cut(workload, chunking);
  const stdHttp = await loadStdHttpDecoder();
  const decoders = stdHttp === undefined ? DECODERS : [...DECODERS, stdHttp];
  return decoders.map((decoder): Contestant => ({
    name: decoder.name,
    async check(): Promise<void> {
      const decoded = await Array.fromAsync(decoder.decode(streamOf(chunks)));
      checkEvents(decoder.hasId, workload, decoded);
    },
    async run(): Promise<void> {
      const tally = new Tally(workload);
      for await (const event of decoder.decode(streamOf(chunks))) {
        tally.add(event);
      }
      tally.check();
    },
  }));
}

/** A stream that gives its chunks as they are asked for. */
export function streamOf(
  chunks: readonly Uint8Array<ArrayBuffer>[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let index = 0;
  return new ReadableStream({
    pull(controller): void {
      const chunk = chunks[index++];
      if (chunk === undefined) controller.close();
      else controller.enqueue(chunk);
    },
  });
}
