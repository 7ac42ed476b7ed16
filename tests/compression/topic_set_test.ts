// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import { EventChannel, TopicSet } from "../../channel.ts";
import { readEvents } from "../../parser.ts";
import { FETCHED_CODINGS } from "./_codings.ts";
import { startServer } from "../channel/_clients.ts";
import { within } from "../support/within.ts";

for (const coding of FETCHED_CODINGS) {
  Deno.test(`TopicSet changes what compressed clients get: ${coding.name}`, async () => {
    const topics = new TopicSet(["a"]);
    await using server = startServer((request) =>
      channel.serve(request, { topics })
    );
    // Its end comes first: the server waits for open responses.
    await using channel = new EventChannel({ compression: coding.make() });
    const clients = await Promise.all(
      [1, 2].map(async () =>
        readEvents(
          await fetch(`http://127.0.0.1:${server.port}/`, {
            headers: { "accept-encoding": coding.name },
          }),
        )
      ),
    );
    const publish = async (): Promise<void> => {
      for (const topic of ["a", "b"]) {
        channel.publish({ data: topic }, { topics: [topic] });
      }
      await channel.publish({ data: "end" });
    };
    const readToEnd = (): Promise<string[]> =>
      within(
        "the events",
        Promise.all(clients.map(async (events) => {
          const data: string[] = [];
          while (data.at(-1) !== "end") {
            const { value, done } = await events.next();
            if (done) break;
            data.push(value.data);
          }
          return data.join();
        })),
      );
    await publish();
    assertEquals(await readToEnd(), ["a,end", "a,end"]);
    topics.add("b");
    await publish();
    assertEquals(await readToEnd(), ["a,b,end", "a,b,end"]);
    topics.delete("a");
    await publish();
    assertEquals(await readToEnd(), ["b,end", "b,end"]);
    for (const events of clients) await events.return?.();
  });
}
