// Copyright 2026 the Tidings authors. MIT license.

/** What `docs/comparison.md` says of those that read event streams, each as an experiment. */

import { bundle } from "../../scripts/_bundle.ts";
import { gzippedSize } from "../../scripts/_gzipped_size.ts";
import { Experiment } from "./_peer_experiment.ts";
import type { Reader } from "./_peer_readers.ts";
import type { Fact } from "./_peer_table.ts";
import { turn } from "../support/sources.ts";
import { within } from "../support/within.ts";

const KIB = 1024;
const MAX_SIZE = 2 * KIB;
// 128 MiB in all: the largest limit among those that have one is 100 MiB.
const LONG_CHUNK_SIZE = 16 * KIB * KIB;
const LONG_CHUNKS = 8;
const PACED_EVENTS = 100;

/** The rows of the first table. */
export const READING_FACTS: readonly Fact<Reader>[] = [
  {
    name: "Gives an event that ends with two CRs before more bytes come",
    show: async (reader) => await observe(reader, ["data: a\r\r"]) === "a",
  },
  {
    name: "Takes CR and LF in two chunks for one line end",
    show: async (reader) =>
      await observe(reader, ["data: a\r", "\ndata: b\r\n\r\n"]) === "a\nb",
  },
  {
    name: "Gives no event for a comment",
    show: async (reader) =>
      await observe(reader, [": a\n\ndata: b\n\n"]) === "b",
  },
  {
    name: "Gives no event for a block without `data`",
    show: async (reader) =>
      await observe(reader, ["event: a\n\ndata: b\n\n"]) === "b",
  },
  {
    name: "Resumes after the last whole event, not after one cut off",
    show: async (reader) =>
      await resume(reader, "id: 1\ndata: a\n\nid: 2\ndata: b") === "1",
    appliesTo: isClient,
  },
  {
    name: "Resumes after an `id` that came without `data`",
    show: async (reader) =>
      await resume(reader, "id: 1\ndata: a\n\nid: 2\n\n") === "2",
    appliesTo: isClient,
  },
  {
    name: "Gives up on a line of 128 MiB, by default",
    show: givesUpOnLongLine,
  },
  { name: "Reads no faster than its consumer", show: keepsPace },
  { name: "Gives up on a 404", show: givesUpOn404, appliesTo: isClient },
  {
    name: "Has options for POST and a body",
    show: hasBody,
    appliesTo: isClient,
  },
  {
    name: "Asks a function for the headers of each attempt",
    show: asksForHeaders,
    appliesTo: isClient,
  },
  {
    name: "Disconnects while the page is hidden, by default",
    show: disconnectsHidden,
    appliesTo: isClient,
  },
  {
    name: "Weighs less than 2 KiB, minified and gzipped",
    show: async ({ module }) => await sizeOf(module) < MAX_SIZE,
  },
];

function isClient(reader: Reader): boolean {
  return reader.isClient;
}

/** The events that the chunks give while the stream goes on. */
async function observe(reader: Reader, chunks: string[]): Promise<string> {
  using experiment = new Experiment(reader, chunks);
  await within(reader.name, experiment.hungry.promise);
  return experiment.events.join(" and ");
}

/** The last event ID in the request that follows on a stream that has ended. */
async function resume(reader: Reader, text: string): Promise<string | null> {
  const chunks = [`retry: 1\n${text}`];
  using experiment = new Experiment(reader, chunks, {}, { isOpen: false });
  await within(reader.name, experiment.requestedAgain.promise);
  return new Headers(experiment.requests[1]?.headers).get("last-event-id");
}

async function givesUpOnLongLine(reader: Reader): Promise<boolean> {
  const chunk = new Uint8Array(LONG_CHUNK_SIZE).fill("x".charCodeAt(0));
  const chunks = ["data: ", ...Array(LONG_CHUNKS).fill(chunk)];
  using experiment = new Experiment(reader, chunks);
  return await within(
    reader.name,
    Promise.race([
      experiment.failed.promise.then(() => true),
      experiment.hungry.promise.then(() => false),
    ]),
  );
}

async function keepsPace(reader: Reader): Promise<boolean> {
  const chunks = Array<string>(PACED_EVENTS).fill("data: x\n\n");
  const isBusy = Promise.withResolvers<void>();
  const work = Promise.withResolvers<void>();
  using experiment = new Experiment(reader, chunks, {
    onEvent() {
      isBusy.resolve();
      return work.promise;
    },
  });
  await within(reader.name, isBusy.promise);
  // All is microtasks here, so that a turn is time enough to read all there is.
  await turn();
  const isPaced = experiment.pulls < PACED_EVENTS;
  work.resolve();
  await within(reader.name, experiment.hungry.promise);
  return isPaced;
}

async function givesUpOn404(reader: Reader): Promise<boolean> {
  // The media type and the short wait are for those that do not look at the status.
  const ending = { isOpen: false, status: 404 };
  using experiment = new Experiment(reader, ["retry: 1\n\n"], {}, ending);
  return await within(
    reader.name,
    Promise.race([
      experiment.failed.promise.then(() => true),
      experiment.requestedAgain.promise.then(() => false),
    ]),
  );
}

async function hasBody(reader: Reader): Promise<boolean> {
  const options = { method: "POST", body: "{}" };
  using experiment = new Experiment(reader, [], options);
  await within(reader.name, experiment.hungry.promise);
  const [{ method, body } = {}] = experiment.requests;
  return method === "POST" && body === "{}";
}

async function asksForHeaders(reader: Reader): Promise<boolean> {
  let attempt = 0;
  const headers = () => ({ authorization: `Bearer ${++attempt}` });
  const options = { headers };
  const ending = { isOpen: false };
  using experiment = new Experiment(reader, ["retry: 1\n\n"], options, ending);
  await within(reader.name, experiment.requestedAgain.promise);
  return experiment.requests.every(({ headers }, index) =>
    new Headers(headers).get("authorization") === `Bearer ${index + 1}`
  );
}

async function disconnectsHidden(reader: Reader): Promise<boolean> {
  using experiment = new Experiment(reader, []);
  await within(reader.name, experiment.hungry.promise);
  experiment.page.hide();
  return experiment.requests[0]?.signal?.aborted === true;
}

/** Bytes of a module with all that it imports, minified and gzipped. */
async function sizeOf(module: string): Promise<number> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(entry, `export * from "${module}";`);
    return await gzippedSize(await bundle(entry, { minify: true }));
  } finally {
    await Deno.remove(entry);
  }
}
