// Copyright 2026 the Tidings authors. MIT license.

/** What `publish()` does with an event before the log has it. */

import { assertEquals, assertThrows } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { encodeEvent } from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { readEvents } from "../../parser.ts";
import { within } from "../support/within.ts";
import { makeRequest } from "./_clients.ts";

/** Events of which one field cannot be written. */
const UNWRITABLE: Record<string, unknown> = {
  "a line feed in the type": { event: "a\nb", data: "" },
  "a carriage return in the type": { event: "a\rb", data: "" },
  "a type that is a number": { event: 1, data: "" },
  "a line feed in the ID": { id: "a\nb", data: "" },
  "U+0000 in the ID": { id: "a\0b", data: "" },
  "an ID that is an object": { id: {}, data: "" },
  "an ID that is no number": { id: NaN, data: "" },
  "an ID that is not finite": { id: -Infinity, data: "" },
  "data that are a number": { data: 1 },
  "data that are null": { data: null },
  "a comment that is a number": { comment: 1 },
  "a time that is negative": { retry: -1 },
  "a time that is no integer": { retry: 0.5 },
  "a time that is text": { retry: "1" },
  "JSON that cannot be expressed": { json: 1n },
  "JSON beside data": { data: "a", json: 1 },
  "several faults, of which the first is told": { comment: 1, event: 1 },
  "no object": "data",
  "nothing": undefined,
};

for (const [what, event] of Object.entries(UNWRITABLE)) {
  Deno.test(`EventChannel.publish() rejects as encodeEvent() throws: ${what}`, async () => {
    await using channel = new EventChannel({ onError() {} });
    const init = event as ServerSentEventInit;
    const thrown = assertThrows(() => encodeEvent(init), Error);
    const rejected = await channel.publish(init).then(
      () => undefined,
      (error: Error) => error,
    );
    assertEquals(
      [rejected?.constructor, rejected?.message],
      [thrown.constructor, thrown.message],
    );
  });
}

Deno.test("EventChannel.publish() encodes an event once", async () => {
  const { encode } = TextEncoder.prototype;
  let encoded = 0;
  const channel = new EventChannel();
  const events = readEvents(channel.serve(makeRequest()));
  const next = () => within("an event", events[Symbol.asyncIterator]().next());
  await channel.publish({ data: "first" });
  await next();
  TextEncoder.prototype.encode = function (text?: string) {
    if (text?.includes("marked")) encoded++;
    return encode.call(this, text);
  };
  try {
    await channel.publish({ data: "marked" });
    await channel.publish({ data: "marked" }, { topics: ["a"] });
    await channel.publish({ data: "last" });
    // The client has no topics.
    for (const data of ["marked", "last"]) {
      assertEquals((await next()).value?.data, data);
    }
    assertEquals(encoded, 2);
  } finally {
    TextEncoder.prototype.encode = encode;
    await channel.close();
  }
});
