// Copyright 2026 the Tidings authors. MIT license.

/** Bytes in, events out, by synchronous push: one iteration decodes one workload. */

import { benchGroup } from "../_bench_group.ts";
import { decodingContestants } from "./_decoding.ts";
import {
  createWorkload,
  TINY_CHUNKS_SIZE,
  USUAL_CHUNKINGS,
  WORKLOAD_NAMES,
} from "../_fixtures.ts";

for (const name of WORKLOAD_NAMES) {
  const workload = createWorkload(name);
  for (const chunking of USUAL_CHUNKINGS) {
    if (name === "huge" && chunking === "event") continue;
    await benchGroup(
      `${name} ${chunking}`,
      decodingContestants(workload, chunking),
    );
  }
}

for (const chunking of ["16B", "1B"] as const) {
  const workload = createWorkload("openai", TINY_CHUNKS_SIZE);
  await benchGroup(
    `openai ${chunking}`,
    decodingContestants(workload, chunking),
  );
}
