// Copyright 2026 the Tidings authors. MIT license.

/** A stream of bytes in, `for await` of events out: one iteration is one workload. */

import { benchGroup } from "../_bench_group.ts";
import { createWorkload, USUAL_CHUNKINGS } from "../_fixtures.ts";
import { streamingContestants } from "./_streaming.ts";

for (const name of ["openai", "anthropic", "ticks", "unicode"] as const) {
  const workload = createWorkload(name);
  for (const chunking of USUAL_CHUNKINGS) {
    await benchGroup(
      `${name} ${chunking}`,
      await streamingContestants(workload, chunking),
    );
  }
}
