// Copyright 2026 the Tidings authors. MIT license.

/** The table for what checking costs, beside `JSON.parse` alone. */

import { z } from "zod";
import { readEvents } from "../parser.ts";
import { checkEvents, type StandardSchema, unchecked } from "../typed/mod.ts";
import { Tally } from "./_check.ts";
import type { DecodedEvent } from "./parser/_decoders.ts";
import { createWorkload, cut, type Workload } from "./_fixtures.ts";
import { type Contestant, race } from "./_measure.ts";
import { streamOf } from "./parser/_streaming.ts";
import { type Job, ratioRow } from "./_table.ts";

const JSON_PARSE = "JSON.parse";
/** What a check by hand costs at least: it tells the types apart, and keeps the event. */
const BY_TYPE = "JSON.parse by event type";
const BY_HAND = "JSON.parse and zod by hand";
const UNCHECKED = "checkEvents, unchecked";
const ZOD = "checkEvents, zod";

/** What is in the data of each workload, and the type of its events. */
const CHECKED = {
  openai: {
    type: "message",
    schema: z.object({
      id: z.string(),
      created: z.number(),
      choices: z.array(z.object({
        index: z.number(),
        delta: z.object({ content: z.string() }),
      })),
    }),
  },
  anthropic: {
    type: "content_block_delta",
    schema: z.object({
      index: z.number(),
      delta: z.object({ type: z.literal("text_delta"), text: z.string() }),
    }),
  },
};

/** Two workloads, in chunks of 64 KiB. */
export function checkingJobs(): Job[] {
  const names = Object.keys(CHECKED) as (keyof typeof CHECKED)[];
  return names.map((name) => {
    const id = `check/${name}`;
    return {
      id,
      async run() {
        const workload = createWorkload(name);
        const { type, schema } = CHECKED[name];
        const result = await race(contestants(workload, type, schema));
        return ([
          [UNCHECKED, JSON_PARSE],
          [UNCHECKED, BY_TYPE],
          [ZOD, JSON_PARSE],
          [ZOD, BY_HAND],
        ] as const).map(([ours, peer]) =>
          ratioRow(`${id} ${ours}`, result, {
            ours,
            peer,
            unit: workload.events.length,
          })
        );
      },
    };
  });
}

function contestants(
  workload: Workload,
  type: string,
  schema: z.ZodType,
): Contestant[] {
  const chunks = cut(workload, "64KiB");
  const contestant = (
    name: string,
    run: (tally: Tally) => Promise<void>,
  ): Contestant => ({
    name,
    async run(): Promise<void> {
      const tally = new Tally(workload);
      await run(tally);
      tally.check();
    },
  });
  const check = (schema: StandardSchema) => async (tally: Tally) => {
    const events = readEvents(streamOf(chunks));
    for await (const event of checkEvents(events, { [type]: schema })) {
      add(tally, event, event.json);
    }
  };
  const parse = (schema: { parse(json: unknown): unknown }) =>
  async (
    tally: Tally,
  ) => {
    for await (const event of readEvents(streamOf(chunks))) {
      add(tally, event, schema.parse(JSON.parse(event.data)));
    }
  };
  const parseByType = async (tally: Tally) => {
    for await (const received of readEvents(streamOf(chunks))) {
      if (received.event !== type) continue;
      const { event, data, id, lastEventId } = received;
      const json: unknown = JSON.parse(data);
      const checked = { event, data, id, lastEventId, json };
      add(tally, checked, checked.json);
    }
  };
  return [
    contestant(UNCHECKED, check(unchecked())),
    contestant(ZOD, check(schema)),
    contestant(BY_TYPE, parseByType),
    contestant(JSON_PARSE, parse({ parse: (json) => json })),
    contestant(BY_HAND, parse(schema)),
  ];
}

/** Takes an event in; its JSON has to be there. */
function add(tally: Tally, event: DecodedEvent, json: unknown): void {
  if (typeof json === "object") tally.add(event);
}
