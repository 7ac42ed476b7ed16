// Copyright 2026 the Tidings authors. MIT license.

/** Events without content, sentinels and errors that a server tells. */

import { assertEquals, assertRejects } from "@std/assert";
import { connect, EventSource } from "../../client.ts";
import { readEvents } from "../../parser.ts";
import {
  checkEvents,
  type CheckEventsOptions,
  checkListener,
  EventCheckError,
  type StandardSchema,
  unchecked,
} from "../../typed/mod.ts";
import { eventStream } from "../support/event_server.ts";
import { schema } from "./_schemas.ts";
import { within } from "../support/within.ts";

const NUMBER: StandardSchema<number> = schema((value) =>
  typeof value === "number" ? { value } : { issues: [{ message: "No number" }] }
);

/** Accepts an event without content. */
const OPTIONAL: StandardSchema<number | undefined> = schema((value) =>
  value === undefined || typeof value === "number"
    ? { value }
    : { issues: [{ message: "No number" }] }
);

const SCHEMAS = {
  "unchecked()": unchecked<number>(),
  "a schema": NUMBER,
  "an asynchronous schema": schema((value) =>
    Promise.resolve(NUMBER["~standard"].validate(value))
  ),
  "a schema that throws for undefined": schema((value) => ({
    value: Number((value as number).toFixed()),
  })),
  "an asynchronous schema that throws for undefined": schema(async (value) => {
    await Promise.resolve();
    return { value: Number((value as number).toFixed()) };
  }),
};

/** Each of them may come first, in the middle and last. */
const EMPTY = [
  "id: 0_1\ndata: \n\n",
  "id: 0_1\ndata:\n\n",
  "id: 0_1\ndata\n\n",
  "id: 0_1\ndata:  \t\n\n",
  "id: 0_1\ndata:\ndata:\n\n",
];

/** The two kinds of sources, of the same text. */
const SOURCES = {
  "readEvents()": (text: string) => readEvents(eventStream(text)),
  "connect()": (text: string) =>
    connect("http://a", {
      method: "POST",
      fetch: () => Promise.resolve(eventStream(text)),
    }),
};

for (const [kind, open] of Object.entries(SOURCES)) {
  for (const [name, one] of Object.entries(SCHEMAS)) {
    Deno.test(`checkEvents() of ${kind} leaves out events without content, with ${name}`, async () => {
      for (const empty of EMPTY) {
        const text = `${empty}data: 1\n\n${empty}data: 2\n\n${empty}`;
        const events = checkEvents(open(text), { message: one });
        const seen = await Array.fromAsync(
          events,
          ({ json, lastEventId }) => [json, lastEventId],
        );
        assertEquals(seen, [[1, "0_1"], [2, "0_1"]], JSON.stringify(empty));
      }
    });
  }

  Deno.test(`checkEvents() of ${kind} hands out an event without content to a schema that accepts undefined`, async () => {
    const text = "data:\n\ndata: 1\n\n";
    const events = checkEvents(open(text), { message: OPTIONAL });
    assertEquals(await Array.fromAsync(events, ({ json }) => json), [
      undefined,
      1,
    ]);
  });

  for (
    const { name, done, text, seen, code } of [
      { name: "no sentinel", text: "data: 1\n\n", seen: [1] },
      {
        name: "a sentinel by default",
        text: "data: 1\n\ndata: [DONE]\n\ndata: 2\n\n",
        seen: [1],
      },
      ...[
        "[DONE]",
        " [DONE] ",
        '"[DONE]"',
        "'[DONE]'",
        ' "[DONE]"\t',
        '" [DONE] "',
      ].map((data) => ({
        name: `${JSON.stringify(data)} for a sentinel`,
        done: "[DONE]",
        text: `data: 1\n\ndata: ${data}\n\ndata: 2\n\n`,
        seen: [1],
      })),
      {
        name: "a sentinel that is missing",
        done: "[DONE]",
        text: "data: 1\n\n",
        seen: [1],
        code: "incomplete",
      },
      {
        name: "a sentinel that was cut",
        done: "[DONE]",
        text: "data: 1\n\ndata: [DONE]\n",
        seen: [1],
        code: "incomplete",
      },
      {
        name: "no event at all where a sentinel is expected",
        done: "[DONE]",
        text: ": hi\n\n",
        seen: [],
        code: "incomplete",
      },
      {
        name: "a predicate",
        done: ({ event }) => event === "stop",
        text: "data: 1\n\nevent: stop\ndata: {}\n\ndata: 2\n\n",
        seen: [1],
      },
      {
        name: "a predicate that is never true",
        done: ({ event }) => event === "stop",
        text: "data: 1\n\ndata: 2\n\n",
        seen: [1, 2],
        code: "incomplete",
      },
    ] as {
      name: string;
      done?: CheckEventsOptions["done"];
      text: string;
      seen: number[];
      code?: string;
    }[]
  ) {
    Deno.test(`checkEvents() of ${kind} with ${name} ${code === undefined ? "ends" : "throws"}`, async () => {
      const events = checkEvents(open(text), { message: NUMBER }, { done });
      const actual: number[] = [];
      const read = async () => {
        for await (const { json } of events) actual.push(json);
      };
      if (code === undefined) await read();
      else {
        const error = await assertRejects(read, EventCheckError);
        assertEquals(error.code, code);
      }
      assertEquals(actual, seen);
      assertEquals((await events.next()).done, true);
    });
  }

  Deno.test(`checkEvents() of ${kind} throws for an event of the type error without a schema`, async () => {
    const text =
      'data: 1\n\nevent: error\nid: 7\ndata: {"code":"overloaded"}\n\ndata: 2\n\n';
    const events = checkEvents(open(text), { message: NUMBER });
    assertEquals((await events.next()).value?.json, 1);
    const error = await assertRejects(() => events.next(), EventCheckError);
    assertEquals([error.code, error.event.id], ["unknown-type", "7"]);
    assertEquals(
      error.message,
      String
        .raw`Cannot check event: the server sent an error, "{\"code\":\"overloaded\"}"`,
    );
    assertEquals((await events.next()).done, true);

    for (
      const options of [
        { unknownTypes: "skip" },
        { onInvalid: () => "skip" },
      ] as CheckEventsOptions[]
    ) {
      const events = checkEvents(open(text), { message: NUMBER }, options);
      assertEquals(await Array.fromAsync(events, ({ json }) => json), [1, 2]);
    }
  });
}

Deno.test("checkEvents() does not miss the sentinel after break, return() and an error", async () => {
  const open = () =>
    checkEvents(
      readEvents(eventStream("data: 1\n\ndata: 2\n\n")),
      { message: NUMBER },
      { done: "[DONE]" },
    );
  for await (const _ of open()) break;
  const left = open();
  await left.next();
  assertEquals((await left.return()).done, true);
  assertEquals((await left.next()).done, true);
});

Deno.test("checkEvents() throws what a function for the sentinel throws", async () => {
  const events = checkEvents(
    readEvents(eventStream("data: 1\n\n")),
    { message: NUMBER },
    {
      done: () => {
        throw new RangeError("A bug");
      },
    },
  );
  await assertRejects(() => events.next(), RangeError, "A bug");
});

for (const [name, one] of Object.entries(SCHEMAS)) {
  Deno.test(`checkListener() with ${name} is silent for no content, and tells the source of what does not fit`, async () => {
    const source = new EventSource("http://a", {
      fetch: () =>
        Promise.resolve(
          eventStream("data:\n\ndata: no JSON\n\ndata:\n\ndata: 1\n\n"),
        ),
    });
    const seen: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    source.addEventListener("error", (event) => {
      const { error, message } = event as ErrorEvent;
      if (!(error instanceof EventCheckError)) return;
      seen.push([error.code, message === error.message]);
    });
    source.addEventListener(
      "message",
      checkListener(one, (json) => {
        seen.push(json);
        resolve();
      }),
    );
    await within("the last event", promise);
    source.close();
    assertEquals(seen.sort(), [1, ["not-json", true]].sort());
  });
}

Deno.test("checkListener() calls the listener without content if the schema accepts undefined", () => {
  const seen: unknown[] = [];
  const listener = checkListener(OPTIONAL, (json) => seen.push(json));
  listener(new MessageEvent("message", { data: "" }));
  assertEquals(seen, [undefined]);
});

Deno.test("checkListener() tells the source what a schema throws", async () => {
  const target = new EventTarget();
  const told = Promise.withResolvers<unknown>();
  target.addEventListener("error", (event) => {
    told.resolve((event as ErrorEvent).error);
  });
  const error = new RangeError("A bug");
  target.addEventListener(
    "tick",
    checkListener(
      schema<number>(() => {
        throw error;
      }),
      () => {},
    ) as EventListener,
  );
  target.dispatchEvent(new MessageEvent("tick", { data: "1" }));
  assertEquals(await within("an error", told.promise), error);
});
