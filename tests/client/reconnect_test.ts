// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { connect, type ConnectionState } from "../../client.ts";
import {
  byTurns,
  eventStream,
  OpenStream,
  serve,
} from "../support/event_server.ts";
import { RawServer } from "../support/raw_server.ts";
import { within } from "../support/within.ts";

type Reconnecting = Extract<ConnectionState, { state: "reconnecting" }>;

const BLOCKS = [
  "retry: 1\n\n",
  "id: 1\ndata: first\n\n",
  ": comment\r\nid: 2\r\nevent: b\r\ndata: second\r\ndata: line\r\n\r\n",
  "id: 3\n\n",
  "id: 4\ndata: fourth\n\n",
];
const WHOLE = BLOCKS.join("");

/** What follows the block that a Last-Event-ID names. */
function resume(head: string): string {
  const id = Number(/last-event-id: ?(\d+)/i.exec(head)?.[1] ?? -1);
  return BLOCKS.slice(id + 1).join("");
}

for (
  const [name, head] of [
    ["ends", ""],
    ["breaks off", "content-length: 10000\r\n"],
  ] as const
) {
  Deno.test(`connect() loses and repeats nothing wherever the body ${name}`, async () => {
    let drop = 0;
    await using server = new RawServer(async (exchange, index) => {
      await exchange.send(
        `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${head}\r\n`,
      );
      await exchange.send(
        resume(exchange.head).slice(0, index === 0 ? drop : undefined),
      );
      if (index > 0) await exchange.left();
    });
    for (; drop <= WHOLE.length; drop++) {
      server.heads.length = 0;
      await using events = connect(server.url, { reconnectionTime: 1 });
      const data: string[] = [];
      while (data.at(-1) !== "fourth") {
        data.push((await events.next()).value!.data);
      }
      assertEquals(data, ["first", "second\nline", "fourth"], `byte ${drop}`);
      assertEquals(events.lastEventId, "4");
    }
  });
}

Deno.test("connect() resumes after a block that had an id but no data", async () => {
  await using server = serve((request, index) =>
    eventStream(
      index === 0
        ? "retry: 1\nid: 5\ndata: a\n\nid: 9\n\nid: 10\ndata: lost"
        : `data: ${request.headers.get("last-event-id")}\n\n`,
    )
  );
  await using events = connect(server.url);
  await events.next();
  assertEquals((await events.next()).value?.data, "9");
});

Deno.test("connect() keeps the chunk that came before the connection broke, and its retry", async () => {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
      controller.enqueue(
        new TextEncoder().encode("retry: 1\nid: 7\ndata: a\n\n"),
      );
    },
  });
  const ids: (string | null)[] = [];
  await using events = connect("http://a", {
    reconnectionTime: 1_000_000,
    fetch: (_, { headers }) => {
      ids.push(new Headers(headers).get("last-event-id"));
      return Promise.resolve(
        eventStream(ids.length === 1 ? body : "data: b\n\n"),
      );
    },
    onStateChange: ({ state }) => {
      if (state === "open" && ids.length === 1) {
        controller.error(new TypeError("broken"));
      }
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals((await events.next()).value?.data, "a");
  assertEquals((await within("next()", events.next())).value?.data, "b");
  assertEquals(ids, [null, "7"]);
});

Deno.test("connect() tells of each step of a reconnection", async () => {
  const stream = new OpenStream("data: b\n\n");
  await using server = serve(
    byTurns(() => eventStream("retry: 1\ndata: a\n\n"), () => stream.response),
  );
  const states: ConnectionState[] = [];
  const readyStates: number[] = [];
  const events = connect(server.url, {
    backoff: { random: () => 0 },
    onStateChange(state) {
      states.push(state);
      readyStates.push(events.readyState);
    },
  });
  await events.next();
  await events.next();
  events.close();
  assertEquals(states.map(({ state }) => state), [
    "open",
    "reconnecting",
    "open",
    "closed",
  ]);
  assertEquals(readyStates, [1, 0, 1, 2]);
  const { reason, status, headers, error, attempt, delay } =
    states[1] as Reconnecting;
  assertEquals([reason, error.reason], ["end", "end"]);
  assertEquals([status, headers], [undefined, undefined]);
  assertEquals([attempt, delay], [1, 1]);
  assertEquals(server.requests.length, 2);
});

Deno.test("connect() ends when the body does if shouldReconnect wants no more", async () => {
  await using server = serve(() => eventStream("data: a\n\n"));
  const events = connect(server.url, { shouldReconnect: () => false });
  assertEquals((await Array.fromAsync(events)).length, 1);
  assertEquals(server.requests.length, 1);
});

Deno.test("connect() finds a server that was restarted", async () => {
  const first = new RawServer(async ({ begin, send }) => {
    await begin();
    await send("retry: 1\nid: 1\ndata: a\n\n");
  });
  const events = connect(first.url, { backoff: { maxDelay: 20 } });
  await events.next();
  await first[Symbol.asyncDispose]();
  const next = events.next();
  await using second = new RawServer(async ({ begin, send, left }) => {
    await begin();
    await send("data: b\n\n");
    await left();
  }, Number(new URL(first.url).port));
  assertEquals((await next).value?.data, "b");
  assertStringIncludes(second.heads[0]!.toLowerCase(), "last-event-id: 1\r\n");
  // Before the server, which waits for its clients.
  events.close();
});

Deno.test("connect() survives headers that no client accepts", async () => {
  const huge = `x-a: ${"a".repeat(1024 * 1024)}\r\n`;
  await using server = new RawServer(async ({ send, left }, index) => {
    await send(
      `HTTP/1.1 200 OK\r\n${
        index === 0 ? huge : ""
      }content-type: text/event-stream\r\n\r\ndata: a\n\n`,
    );
    await left();
  });
  await using events = connect(server.url, { reconnectionTime: 1 });
  assertEquals((await events.next()).value?.data, "a");
  assertEquals(server.heads.length, 2);
});

Deno.test("reconnect() replaces the connection at once, and resumes", async () => {
  const streams = [
    new OpenStream("id: 1\ndata: a\n\nid: 2\ndata: b\n\n"),
    new OpenStream("data: c\n\n"),
  ];
  await using server = serve((_, index) => streams[index]!.response);
  const states: string[] = [];
  await using events = connect(server.url, {
    reconnectionTime: 1_000_000,
    shouldReconnect: () => false,
    onStateChange: (state) =>
      states.push(
        state.state === "reconnecting"
          ? `${state.reason} ${state.delay}`
          : state.state,
      ),
  });
  await events.next();
  events.reconnect();
  assertEquals((await events.next()).value?.data, "b");
  assertEquals((await events.next()).value?.data, "c");
  await streams[0]!.cancelled;
  assertEquals(states, ["open", "reconnect 0", "open"]);
  assertEquals(server.requests[1]?.headers.get("last-event-id"), "2");
});

Deno.test("reconnect() reaches a read that is under way", async () => {
  const streams = [
    new OpenStream("data: a\n\n"),
    new OpenStream("data: b\n\n"),
  ];
  await using server = serve((_, index) => streams[index]!.response);
  await using events = connect(server.url);
  await events.next();
  const next = events.next();
  events.reconnect();
  assertEquals((await next).value?.data, "b");
});

Deno.test("reconnect() ends the wait for the next attempt", async () => {
  await using server = serve(byTurns(
    () => eventStream("retry: 1000000\n\n"),
    () => eventStream("data: a\n\n"),
  ));
  const reconnecting = Promise.withResolvers<void>();
  await using events = connect(server.url, {
    onStateChange: ({ state }) =>
      state === "reconnecting" && reconnecting.resolve(),
  });
  const next = events.next();
  await reconnecting.promise;
  events.reconnect();
  assertEquals((await next).value?.data, "a");
});

Deno.test("reconnect() ends the wait that onStateChange tells of", async () => {
  await using server = serve(byTurns(
    () => eventStream("retry: 1000000\n\n"),
    () => eventStream("data: a\n\n"),
  ));
  await using events = connect(server.url, {
    onStateChange: ({ state }) =>
      state === "reconnecting" && events.reconnect(),
  });
  assertEquals((await within("next()", events.next())).value?.data, "a");
});

Deno.test("connect() keeps the process alive while it waits", async () => {
  await using server = serve(byTurns(
    () => eventStream("retry: 50\n\n"),
    () => eventStream("data: a\n\n"),
  ));
  const client = new URL("../../client.ts", import.meta.url);
  const program = `
    import { connect } from "${client}";
    connect("${server.url}").next().then(({ value }) => {
      console.log(value.data);
      Deno.exit();
    });`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "a\n");
});
