// Copyright 2026 the Tidings authors. MIT license.

/** Schemas of the libraries that implement Standard Schema, as they are on npm. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { type } from "npm:arktype@2.2.9";
import * as v from "npm:valibot@1.5.0";
import { z } from "npm:zod@4.6.7";
import { encodeEvents } from "../../encoder.ts";
import type { ServerSentEventInit } from "../../event.ts";
import { readEvents } from "../../parser.ts";
import {
  checkEvents,
  EventCheckError,
  type EventsOf,
  type StandardSchema,
} from "../../typed/mod.ts";

/** What is sent and what is made of it, in the words of each library. */
const zod = {
  tick: z.object({ price: z.number(), at: z.string() }),
  length: z.string().transform((text) => text.length),
  even: z.number().refine((number) => Promise.resolve(number % 2 === 0)),
};
const valibot = {
  tick: v.object({ price: v.number(), at: v.string() }),
  length: v.pipe(v.string(), v.transform((text) => text.length)),
  even: v.pipeAsync(
    v.number(),
    v.checkAsync((number) => Promise.resolve(number % 2 === 0)),
  ),
};
const arktype = {
  tick: type({ price: "number", at: "string" }),
  length: type("string").pipe((text) => text.length),
  // It has no asynchronous schemas.
  even: type("number%2"),
};

type Sent = {
  tick: { price: number; at: string };
  length: string;
  even: number;
};
type Received = {
  tick: { price: number; at: string };
  length: number;
  even: number;
};

/** Fails to compile unless both types are the same. */
function assertSame<A, B>(
  _same: [A] extends [B] ? [B] extends [A] ? true : false : false,
): void {}

function read(...inits: ServerSentEventInit[]) {
  return readEvents(new Blob([encodeEvents(inits)]).stream());
}

Deno.test("typed: the libraries' types are what is sent and what is received", async () => {
  assertSame<EventsOf<typeof zod>, Sent>(true);
  assertSame<EventsOf<typeof valibot>, Sent>(true);
  assertSame<EventsOf<typeof arktype>, Sent>(true);
  const events = [
    checkEvents(read(), zod),
    checkEvents(read(), valibot),
    checkEvents(read(), arktype),
  ];
  for (const each of events) {
    for await (const event of each) {
      if (event.event === "tick") {
        assertSame<typeof event.json, Received["tick"]>(true);
      } else if (event.event === "length") {
        assertSame<typeof event.json, Received["length"]>(true);
      } else {
        assertSame<typeof event.event, "even">(true);
        assertSame<typeof event.json, Received["even"]>(true);
      }
      // @ts-expect-error: they are not the same.
      assertSame<typeof event.json, Date>(true);
    }
  }
});

for (
  const [name, schemas] of Object.entries<Record<keyof Sent, StandardSchema>>({
    zod,
    valibot,
    arktype,
  })
) {
  Deno.test(`typed: schemas of ${name} check and transform`, async () => {
    const tick = { price: 1, at: "now" };
    const events = checkEvents(
      read(
        { event: "tick", json: tick },
        { event: "length", json: "four" },
        { event: "even", json: 2 },
      ),
      schemas,
    );
    const seen = await Array.fromAsync(events, ({ json }) => json);
    assertEquals(seen, [tick, 4, 2]);
  });

  Deno.test(`typed: schemas of ${name} say what is wrong, and where`, async () => {
    const errors: EventCheckError[] = [];
    const events = checkEvents(
      read(
        { event: "tick", json: { price: "1", at: "now" } },
        { event: "tick", json: {} },
        { event: "length", json: 4 },
        { event: "even", json: 3 },
      ),
      schemas,
      {
        onInvalid: (error) => {
          errors.push(error);
          return "skip";
        },
      },
    );
    assertEquals(await Array.fromAsync(events), []);
    const paths = errors.map(({ issues }) =>
      issues.map(({ path = [] }) =>
        [...path].map((step) => typeof step === "object" ? step.key : step)
      )
    );
    paths[1]?.sort();
    assertEquals(paths, [[["price"]], [["at"], ["price"]], [[]], [[]]]);
    for (const { code, message, issues } of errors) {
      assertEquals(code, "invalid");
      assert(message.includes(issues[0]?.message ?? "–"), message);
    }
    const places = errors.map(({ message }) =>
      / at "(.+?)":/.exec(message)?.[1] ?? ""
    );
    assertEquals(places[0], "price");
    assertEquals(places.slice(2), ["", ""]);
  });

  Deno.test(`typed: schemas of ${name} throw by default`, async () => {
    const events = checkEvents(read({ event: "tick", json: null }), schemas);
    await assertRejects(() => events.next(), EventCheckError);
  });
}
