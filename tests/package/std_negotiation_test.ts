// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a client accepts, beside `@std/http/negotiation`: seeded headers, and the rows on
 * which the two differ by design.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { CODEC } from "../../_server/compression.ts";
import { gzip } from "../../compression/mod.ts";
import { serveEvents } from "../../server.ts";
import { Random } from "../support/random.ts";

// Offline, the import map puts a file of ours in the place of the real package.
const ignore = import.meta.resolve("@std/http/server-sent-event-stream")
  .startsWith("file:");
const reason = ignore ? " (ignored: JSR is out of reach, no @std/http)" : "";
const SEED = Number(Deno.env.get("SEED") ?? 1);

// Not a literal, since the module is not there where the tests are ignored.
const NEGOTIATION: string = "@std/http/negotiation";

/** What we need of `@std/http/negotiation`. */
interface Negotiation {
  accepts(request: Request, ...types: string[]): string | undefined;
  acceptsEncodings(request: Request, ...codings: string[]): string | undefined;
}

const { coding, ...compression } = gzip();

function requestWith(name: string, value: string): Request {
  return new Request("http://localhost/", { headers: { [name]: value } });
}

/** Whether we serve a client that sends this `Accept`. */
async function isServed(accept: string): Promise<boolean> {
  const response = serveEvents(requestWith("accept", accept), []);
  await response.body?.cancel();
  return response.status === 200;
}

/** A header of some items, each with a weight or without. */
function drawHeader(random: Random, items: readonly string[]): string {
  const entries: string[] = [];
  for (let count = 1 + random.below(4); count > 0; count--) {
    const weight = random.pick(["", ";q=0", "; q=0.001", ";q=0.5 ", ";q=1.0"]);
    entries.push(random.pick(items) + weight);
  }
  return entries.join(random.pick([",", ", ", " ,"]));
}

Deno.test({
  name: `serveEvents() takes Accept as @std/http does (seed ${SEED})${reason}`,
  ignore,
  async fn() {
    const { accepts }: Negotiation = await import(NEGOTIATION);
    const random = new Random(SEED);
    const types = [
      "text/event-stream",
      "Text/Event-Stream",
      "text/*",
      "*/*",
      "text/html",
      "application/json",
      "text",
    ];
    for (let count = 0; count < 2000; count++) {
      const header = drawHeader(random, types);
      const request = requestWith("accept", header);
      assertEquals(
        await isServed(header),
        accepts(request, "text/event-stream") !== undefined,
        JSON.stringify(header),
      );
    }
  },
});

Deno.test({
  name:
    `gzip() takes Accept-Encoding as @std/http does (seed ${SEED})${reason}`,
  ignore,
  async fn() {
    const { acceptsEncodings }: Negotiation = await import(NEGOTIATION);
    const random = new Random(SEED);
    for (let count = 0; count < 2000; count++) {
      const header = drawHeader(random, ["gzip", "GZIP", "br", "*", "gzipped"]);
      const request = requestWith("accept-encoding", header);
      assertEquals(
        compression[CODEC].accepts(header),
        acceptsEncodings(request, coding) === coding,
        JSON.stringify(header),
      );
    }
    for (const weight of ["0.1", "0.4", "0.6", "1"]) {
      const header = `identity;q=${weight}, gzip;q=0.5`;
      const request = requestWith("accept-encoding", header);
      assertEquals(
        compression[CODEC].accepts(header),
        acceptsEncodings(request, coding, "identity") === coding,
        header,
      );
    }
  },
});

/** Where we are right, or kinder: the header, what we say, and what it says. */
const DIFFERENCES: {
  name: string;
  header: "accept" | "accept-encoding";
  value: string;
  ours: boolean;
  theirs: boolean;
}[] = [
  {
    name: "names of parameters have no case",
    header: "accept-encoding",
    value: "gzip;Q=0",
    ours: false,
    theirs: true,
  },
  {
    name: "x-gzip is gzip",
    header: "accept-encoding",
    value: "x-gzip",
    ours: true,
    theirs: false,
  },
  {
    name: "a client that does not ask may not be able to read it",
    header: "accept-encoding",
    value: "",
    ours: false,
    theirs: true,
  },
  {
    name: "a weight that is not a number is 1",
    header: "accept-encoding",
    value: "gzip;q=high",
    ours: true,
    theirs: false,
  },
  {
    name: "parameters of a type do not narrow it",
    header: "accept",
    value: "text/event-stream;charset=utf-8",
    ours: true,
    theirs: false,
  },
  {
    name: "a weight that is not a number is 1",
    header: "accept",
    value: "text/event-stream;q=high",
    ours: true,
    theirs: false,
  },
];

for (const { name, header, value, ours, theirs } of DIFFERENCES) {
  Deno.test({
    name: `${header} ${
      JSON.stringify(value)
    }, unlike @std/http: ${name}${reason}`,
    ignore,
    async fn() {
      const { accepts, acceptsEncodings }: Negotiation = await import(
        NEGOTIATION
      );
      const request = requestWith(header, value);
      const [isOurs, answer] = header === "accept-encoding"
        ? [compression[CODEC].accepts(value), acceptsEncodings(request, coding)]
        : [await isServed(value), accepts(request, "text/event-stream")];
      assertEquals([isOurs, answer !== undefined], [ours, theirs]);
    },
  });
}
