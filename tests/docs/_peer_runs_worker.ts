// Copyright 2026 the Tidings authors. MIT license.

/** A server that produces a run, and can be ended without giving it time for anything. */

/// <reference lib="deno.worker" />

import { RUNS_PEERS } from "./_peer_runs.ts";

/** Which run the worker is to start. */
export interface WorkerRun {
  peer: string;
  port: number;
  id: string;
  leaseTime: number;
}

self.onmessage = async ({ data }: MessageEvent<WorkerRun>) => {
  const { port, id, leaseTime } = data;
  const peer = RUNS_PEERS.find(({ name }) => name === data.peer);
  await peer?.open(port, { leaseTime }).start(id, async function* () {
    yield { data: "a", id: "1" };
    await Promise.withResolvers<void>().promise;
  });
  self.postMessage("started");
};
