// Copyright 2026 the Tidings authors. MIT license.

/** The cursor that a page is rendered with. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { MemoryEventLog } from "../../log.ts";
import { recordWarnings } from "../support/warnings.ts";
import { RemoteLog } from "../support/remote_log.ts";
import { BodyClient, until } from "./_clients.ts";

/** A request of a page, which brings its cursor back. */
function pageRequest(cursor: string): Request {
  return new Request(
    `http://localhost/?after=${encodeURIComponent(cursor)}`,
  );
}

const options = { lastEventIdParameter: "after" };

const LOGS = {
  MemoryEventLog: () => new MemoryEventLog(),
  RemoteLog: () => new RemoteLog(),
};

for (const [name, make] of Object.entries(LOGS)) {
  Deno.test(`EventChannel.cursor() is where a page goes on, with ${name}`, async () => {
    await using channel = new EventChannel({ log: make() });
    for (const [before, after] of [["a", "b"], ["c", "d"]] as const) {
      const id = await channel.publish({ data: before });
      const cursor = await channel.cursor();
      assertEquals(cursor, id);
      await channel.publish({ data: after });
      await using client = new BodyClient(
        channel.serve(pageRequest(cursor), options),
      ).run();
      await client.inbox.untilEvents(1);
      assertEquals(client.inbox.data, [after]);
    }
  });

  Deno.test(`EventChannel.cursor() of an empty log is its beginning, with ${name}`, async () => {
    await using channel = new EventChannel({ log: make() });
    const cursor = await channel.cursor();
    assert(cursor !== "");
    await channel.publish({ data: "a" });
    await using client = new BodyClient(
      channel.serve(pageRequest(cursor), options),
    ).run();
    await client.inbox.untilEvents(1);
    assertEquals(client.inbox.data, ["a"]);
  });
}

Deno.test("EventChannel.cursor() rejects with the log's error, and tells onError once", async () => {
  const errors: unknown[] = [];
  const log = new RemoteLog();
  log.down.add("read");
  await using channel = new EventChannel({
    log,
    onError: (error) => errors.push(error),
  });
  const error = await channel.cursor().catch((error) => error);
  assert(error instanceof Error);
  channel.cursor();
  await until(() => errors.length === 2);
  assert(errors[0] === error);
});

Deno.test("EventChannel.cursor() that is left alone warns without an onError", async () => {
  using recorder = recordWarnings();
  const log = new RemoteLog();
  log.down.add("read");
  await using channel = new EventChannel({ log });
  channel.cursor();
  await until(() => recorder.codes.length > 0);
  assertEquals(recorder.codes, ["TIDINGS_LOG"]);
});

Deno.test("EventChannel.cursor() rejects once the channel is closed", async () => {
  const channel = new EventChannel({ onError: () => {} });
  await channel.close();
  await assertRejects(
    () => channel.cursor(),
    Error,
    "Cannot take cursor: the channel is closed",
  );
});
