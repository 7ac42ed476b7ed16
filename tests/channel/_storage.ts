// Copyright 2026 the Tidings authors. MIT license.

/** Where the models of a channel keep their events, and how a model runs on it. */

import { type EventLog, MemoryEventLog } from "../../log.ts";
import { checkAsyncProperty, type Random } from "../support/random.ts";
import { RemoteLog } from "../support/remote_log.ts";

/** Where the events are, for as long as a run takes. */
export interface Storage {
  /** Opens the log, as a process does when it starts. */
  open(): EventLog;
  close?: () => Promise<void> | void;
}

/** Makes a storage without events, whose history has no more than `maxEvents`. */
export type MakeStorage = (
  random: Random,
  maxEvents: number,
) => Promise<Storage> | Storage;

/** How a model is run on one kind of storage. */
export interface ModelOptions {
  /** How often. */
  runs: number;
  ignore?: boolean;
}

/** Checks a property a number of times, each on a storage of its own. */
export async function checkStorages(
  runs: number,
  makeStorage: MakeStorage,
  maxEvents: number,
  check: (storage: Storage, random: Random) => Promise<void>,
): Promise<void> {
  await checkAsyncProperty(runs, async (random) => {
    const storage = await makeStorage(random, maxEvents);
    try {
      await check(storage, random);
    } finally {
      await storage.close?.();
    }
  });
}

export const makeMemoryStorage: MakeStorage = (_, maxEvents) => {
  const log = new MemoryEventLog({ maxEvents });
  return { open: () => log };
};

/** A log that is far, and fails now and then. */
export const makeRemoteStorage: MakeStorage = (random, maxEvents) => {
  const log = new RemoteLog({ maxEvents });
  log.failsOnce = (part) =>
    log.calls.append > 0 && part !== "append" && random.onceIn(50);
  log.batchSize = () => 1 + random.below(20);
  return { open: () => log };
};
