// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals } from "@std/assert";
import { EventChannel, type EventChannelServeOptions } from "../../channel.ts";
import { CODEC, type WindowChunk } from "../../_server/compression.ts";
import { type EventCompression, gzip } from "../../compression/mod.ts";
import { CODINGS, SHARED_CODINGS, type TestedCoding } from "./_codings.ts";
import { MemoryEventLog } from "../../log.ts";
import { EventRuns } from "../../runs/mod.ts";
import { Inbox } from "../channel/_clients.ts";
import { BodyReader } from "../support/body_reader.ts";
import { join } from "./_gzip_model.ts";

function makeRequest(acceptEncoding: string, lastEventId?: string): Request {
  const headers = new Headers({ "accept-encoding": acceptEncoding });
  if (lastEventId !== undefined) headers.set("last-event-id", lastEventId);
  return new Request("http://localhost/", { headers });
}

/** A client that reads a body chunk by chunk, and can read each at once. */
class CodedClient implements AsyncDisposable {
  readonly chunks: Uint8Array[] = [];
  readonly #coding: TestedCoding;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(
    coding: TestedCoding,
    channel: EventChannel,
    options?: EventChannelServeOptions,
    lastEventId?: string,
  ) {
    this.#coding = coding;
    const request = makeRequest(coding.name, lastEventId);
    const response = channel.serve(request, options);
    assertEquals(response.headers.get("content-encoding"), coding.name);
    assertEquals(response.headers.get("vary"), "Accept-Encoding");
    // A stream is what it is.
    this.#reader = response.body!.getReader();
  }

  /** Reads a chunk, and all of the text that has come so far. */
  async read(): Promise<string> {
    const { done, value } = await this.#reader.read();
    assert(!done, "The stream is over");
    this.chunks.push(value);
    return this.#coding.readSoFar(this.chunks);
  }

  /** Reads until so many events have come. */
  async readEvents(count: number): Promise<void> {
    while (this.data.length < count) await this.read();
  }

  /** Reads to the end, and all of the text: the stream has to be whole. */
  async end(): Promise<string> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return this.#coding.readWhole(this.chunks);
      this.chunks.push(value);
    }
  }

  /** The data of the events that have come so far. */
  get data(): string[] {
    if (this.chunks.length === 0) return [];
    const inbox = new Inbox();
    inbox.push(new TextEncoder().encode(this.#coding.readSoFar(this.chunks)));
    return inbox.data;
  }

  get latest(): Uint8Array {
    // It is asked for once there is one.
    return this.chunks.at(-1)!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reader.cancel();
  }
}

const [GZIP] = CODINGS as [TestedCoding];

/** Like the events of a language model. */
function makeData(index: number): string {
  return JSON.stringify({
    id: "chatcmpl-123",
    object: "chat.completion.chunk",
    model: "m",
    choices: [{ index: 0, delta: { content: `${index}` } }],
  });
}

for (const coding of SHARED_CODINGS) {
  Deno.test(`EventChannel compresses once for all clients that ask for it, each event at once: ${coding.name}`, async () => {
    await using channel = new EventChannel({ compression: coding.make() });
    const clients = [1, 2, 3].map(() => new CodedClient(coding, channel));
    for (const client of clients) await client.read(); // its cursor
    let expected = await channel.publish({ data: makeData(0) });
    expected = `data: ${makeData(0)}\nid: ${expected}\n\n`;
    for (const client of clients) {
      assert((await client.read()).endsWith(expected));
    }
    for (let round = 1; round < 30; round++) {
      const id = await channel.publish({ data: makeData(round) });
      expected += `data: ${makeData(round)}\nid: ${id}\n\n`;
      for (const client of clients) {
        assert((await client.read()).endsWith(expected));
        assert(
          client.latest === clients[0]!.latest,
          "It is not the same chunk",
        );
      }
      if (round > 1) assert(clients[0]!.latest.byteLength < 40);
    }
    const isClosed = channel.close();
    for (const client of clients) {
      assert((await client.end()).endsWith(expected));
    }
    await isClosed;
  });
}

for (const coding of CODINGS) {
  Deno.test(`EventChannel sends a client that does not ask the same as without compression: ${coding.name}`, async () => {
    const texts: string[] = [];
    for (const options of [{ compression: coding.make() }, {}]) {
      await using channel = new EventChannel(options);
      const asking = channel.serve(makeRequest(coding.name));
      const response = channel.serve(
        makeRequest(`identity, ${coding.name};q=0`),
      );
      assertEquals(response.headers.get("content-encoding"), null);
      const bodies = [asking, response].map((response) =>
        new BodyReader(response)
      );
      for (const body of bodies) await body.read(); // its cursor
      let text: string | undefined = "";
      for (let index = 0; index < 5; index++) {
        await channel.publish({ data: makeData(index), id: `${index}` });
        for (const body of bodies) text = await body.read();
        texts.push(`${text}`);
      }
      for (const body of bodies) await body.cancel();
    }
    assertEquals(texts.slice(0, 5), texts.slice(5));
    assertEquals(texts[4], `data: ${makeData(4)}\nid: 4\n\n`);
  });
}

/** A compression, with a record of how many streams took each chunk of its windows. */
function recordTaken({ make }: TestedCoding): {
  compression: EventCompression;
  taken: Map<WindowChunk, number>;
} {
  const { coding, [CODEC]: codec } = make();
  const taken = new Map<WindowChunk, number>();
  const openWindow = () => {
    const window = codec.openWindow();
    return {
      add(bytes: Uint8Array<ArrayBuffer>): WindowChunk {
        const chunk = window.add(bytes);
        taken.set(chunk, 0);
        return chunk;
      },
      close: () => window.close(),
    };
  };
  const openStream = () => {
    const stream = codec.openStream();
    return {
      encode: (bytes: Uint8Array<ArrayBuffer>) => stream.encode(bytes),
      encodeShared(chunk: WindowChunk): Uint8Array<ArrayBuffer> {
        taken.set(chunk, taken.get(chunk)! + 1);
        return stream.encodeShared(chunk);
      },
      end: () => stream.end(),
    };
  };
  const accepts = (header: string | null) => codec.accepts(header);
  const compression = { coding, [CODEC]: { accepts, openWindow, openStream } };
  return { compression, taken };
}

for (const coding of SHARED_CODINGS) {
  Deno.test(`EventChannel adds a chunk to a window once, and only if a compressed stream takes it: ${coding.name}`, async () => {
    const { compression, taken } = recordTaken(coding);
    await using channel = new EventChannel({ compression });
    const clients = [1, 2].map(() => new CodedClient(coding, channel));
    const plain = new BodyReader(channel.serve(makeRequest("identity")));
    for (const client of clients) await client.read(); // its cursor
    await plain.read();
    const publish = async (index: number) => {
      await channel.publish({ data: makeData(index) });
      await plain.read();
    };

    for (let index = 0; index < 3; index++) {
      await publish(index);
      for (const client of clients) await client.readEvents(index + 1);
    }
    assertEquals([...taken.values()], [2, 2, 2]);

    // Only the plain client takes what follows.
    for (let index = 3; index < 9; index++) await publish(index);
    assertEquals([...taken.values()].slice(0, 3), [2, 2, 2]);
    assert(taken.size < 6, `${taken.size} chunks`);
    for (const count of taken.values()) assert(count > 0);

    for (const client of clients) await client.readEvents(9);
    await publish(9);
    for (const client of clients) await client.readEvents(10);
    assertEquals([...taken.values()].at(-1), 2);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await plain.cancel();
  });
}

for (const coding of CODINGS) {
  Deno.test(`EventChannel says in its answer to HEAD that it compresses: ${coding.name}`, () => {
    const channel = new EventChannel({ compression: coding.make() });
    const { headers } = channel.serve(
      new Request("http://localhost/", {
        method: "HEAD",
        headers: { "accept-encoding": coding.name },
      }),
    );
    assertEquals(headers.get("content-encoding"), coding.name);
    assertEquals(headers.get("vary"), "Accept-Encoding");
  });
}

Deno.test("EventChannel lets a newcomer read from its first event on, and share all later", async () => {
  await using channel = new EventChannel({
    compression: gzip({ windowBits: 10 }),
  });
  const early = [1, 2].map(() => new CodedClient(GZIP, channel));
  for (const client of early) await client.read();
  for (let round = 0; round < 20; round++) {
    await channel.publish({ data: makeData(round) });
    for (const client of early) await client.read();
  }
  await using late = new CodedClient(GZIP, channel);
  await late.read();
  const isShared: boolean[] = [];
  for (let round = 20; round < 60; round++) {
    await channel.publish({ data: makeData(round) });
    for (const client of [...early, late]) await client.read();
    isShared.push(late.latest === early[0]!.latest);
    assertEquals(late.data.at(-1), makeData(round));
  }
  assertEquals(isShared[0], false);
  const first = isShared.indexOf(true);
  assert(first > 0 && first < 10, `${first}`);
  assertEquals(isShared.lastIndexOf(false), first - 1);
  for (const client of early) await client[Symbol.asyncDispose]();
});

for (const coding of CODINGS) {
  Deno.test(`EventChannel resumes a compressed stream, and tells of a gap in it: ${coding.name}`, async () => {
    await using channel = new EventChannel({
      compression: coding.make(),
      log: new MemoryEventLog({ maxEvents: 50 }),
    });
    const first = await channel.publish({ data: makeData(0) });
    for (let index = 1; index < 50; index++) {
      await channel.publish({ data: makeData(index) });
    }
    const resumed = new CodedClient(coding, channel, {}, first);
    await resumed.read();
    assertEquals(resumed.data.length, 49);
    assert(resumed.latest.byteLength < 1000, `${resumed.latest.byteLength}`);
    await channel.publish({ data: makeData(50) });
    await channel.publish({ data: makeData(51) });
    const lost = new CodedClient(coding, channel, {}, first);
    await lost.read();
    assertEquals(lost.data[0], JSON.stringify({ lastEventId: first }));
    await resumed.readEvents(51);
    await lost.readEvents(51);
    await channel.close();
    for (const client of [resumed, lost]) {
      await client.end();
      assertEquals(client.data.slice(-2), [makeData(50), makeData(51)]);
    }
  });
}

for (const coding of SHARED_CODINGS) {
  Deno.test(`EventChannel keeps compressed streams alive with one comment for all, and compresses on as before: ${coding.name}`, async () => {
    await using channel = new EventChannel({
      compression: coding.make(),
      keepAlive: 20,
    });
    const clients = [1, 2].map(() => new CodedClient(coding, channel));
    for (const client of clients) await client.read();
    for (let round = 0; round < 5; round++) {
      await channel.publish({ data: makeData(round) });
      for (const client of clients) await client.read();
    }
    for (const client of clients) {
      assert((await client.read()).endsWith("\n\n:\n\n"));
      assert(client.latest === clients[0]!.latest);
    }
    await channel.publish({ data: makeData(5) });
    for (const client of clients) {
      await client.readEvents(6);
    }
    assert(clients[0]!.latest.byteLength < 40);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });
}

for (const coding of CODINGS) {
  Deno.test(`EventChannel sends compressed comments as seldom as others: ${coding.name}`, async () => {
    const { setInterval } = globalThis;
    let beginRound!: () => void;
    globalThis.setInterval = ((callback: () => void) => {
      beginRound = callback;
      return 0;
    }) as unknown as typeof setInterval;
    await using channel = new EventChannel({ compression: coding.make() });
    const clients = [1, 2, 3].map(() => new CodedClient(coding, channel));
    globalThis.setInterval = setInterval;
    for (const client of clients) await client.read(); // its cursor
    await channel.publish({ data: "1" });
    for (const client of clients) await client.read();
    for (let round = 1; round <= 7; round++) {
      beginRound();
      const count = Math.floor(round / 2);
      for (const client of clients) {
        // With the chunk, the client reads on, and has room.
        if (round % 2 === 0) await client.read();
        const [, ...comments] = coding.readSoFar(client.chunks).split(":\n\n");
        assertEquals(comments.length, count);
      }
    }
    for (const client of clients) await client[Symbol.asyncDispose]();
  });
}

for (const coding of SHARED_CODINGS) {
  Deno.test(`EventChannel lets no chunk tell what others have had: ${coding.name}`, async () => {
    // What is published for one client must not show in what another one gets.
    const secret = makeData(123456789);
    const sizes = await Promise.all(
      [secret, "something else"].map(async (own) => {
        await using channel = new EventChannel({
          compression: coding.make(),
        });
        const clients = ["ada", "ada", "bob", "bob"].map((user) =>
          new CodedClient(coding, channel, { topics: [user] })
        );
        for (const client of clients) await client.read();
        const [ada, bob] = [clients.slice(0, 2), clients.slice(2)];
        for (let round = 0; round < 5; round++) {
          await channel.publish({ data: own, id: `${2 * round}` }, {
            topics: ["ada"],
          });
          for (const client of ada) await client.read();
          await channel.publish({ data: secret, id: `${2 * round + 1}` }, {
            topics: ["bob"],
          });
          for (const client of bob) await client.read();
        }
        for (const client of clients) await client[Symbol.asyncDispose]();
        // They do share what is theirs.
        assert(bob[0]!.latest === bob[1]!.latest);
        return bob[0]!.chunks.slice(1).map(({ byteLength }) => byteLength);
      }),
    );
    assertEquals(sizes[0], sizes[1]);
  });
}

for (const coding of CODINGS) {
  Deno.test(`EventChannel compresses for a client with a filter, and for one of other types: ${coding.name}`, async () => {
    await using channel = new EventChannel({ compression: coding.make() });
    const clients = [
      new CodedClient(coding, channel, {
        filter: (event) => event.data!.includes("1"),
      }),
      new CodedClient(coding, channel, { types: ["tick"] }),
      new CodedClient(coding, channel),
    ];
    for (const client of clients) await client.read();
    for (let index = 0; index < 20; index++) {
      const event = index % 2 === 0 ? "tick" : "other";
      await channel.publish({ event, data: `${index}` });
    }
    await clients[0]!.readEvents(11);
    await clients[1]!.readEvents(10);
    await clients[2]!.readEvents(20);
    await channel.close();
    for (const client of clients) await client.end();
    const all = Array.from({ length: 20 }, (_, index) => `${index}`);
    assertEquals(clients.map(({ data }) => data), [
      all.filter((data) => data.includes("1")),
      all.filter((data) => Number(data) % 2 === 0),
      all,
    ]);
  });
}

for (const coding of CODINGS) {
  Deno.test(`EventRuns compresses for the readers of a run, from its beginning to its end: ${coding.name}`, async () => {
    await using runs = new EventRuns({ compression: coding.make() });
    const { promise: isRead, resolve } = Promise.withResolvers<void>();
    await runs.start("answer", async function* () {
      yield { data: makeData(0) };
      await isRead;
      for (let index = 1; index < 30; index++) {
        yield { data: makeData(index) };
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
    const response = await runs.serve("answer", makeRequest(coding.name));
    assertEquals(response.headers.get("content-encoding"), coding.name);
    resolve();
    const chunks = await Array.fromAsync(response.body!);
    const text = coding.readWhole(chunks);
    const inbox = new Inbox();
    inbox.push(new TextEncoder().encode(text));
    const all = Array.from({ length: 30 }, (_, index) => makeData(index));
    assertEquals(inbox.data, [...all, "done"]);
    assert(join(chunks).byteLength < text.length / 3);
  });
}

for (const coding of CODINGS) {
  Deno.test(`EventChannel counts the bytes that are sent, and those that are saved: ${coding.name}`, async () => {
    const channel = new EventChannel({ compression: coding.make() });
    const clients = [1, 2, 3].map(() => new CodedClient(coding, channel));
    const plain = channel.serve(makeRequest("identity")).text();
    for (let index = 0; index < 10; index++) {
      await channel.publish({ data: makeData(index) });
    }
    await channel.close({ retry: 1000 });
    const texts = await Promise.all(clients.map((client) => client.end()));
    const text = await plain;
    const sent = clients.map(({ chunks }) => join(chunks).byteLength);
    const { bytes, savedBytes } = channel.counters;
    assertEquals(bytes, [...sent, text.length].reduce((a, b) => a + b));
    assertEquals(
      bytes + savedBytes,
      [...texts, text].reduce((sum, { length }) => sum + length, 0),
    );
  });
}
