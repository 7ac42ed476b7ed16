// Copyright 2026 the Tidings authors. MIT license.

/** What `toNodeHandler()` and its listener are handed by mistake. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { type FetchHandler, toNodeHandler } from "../../node/mod.ts";
import { serveEvents } from "../../server.ts";
import {
  PROTOCOLS,
  readText,
  withHttp1Server,
} from "../support/node_server.ts";
import { recordWarnings } from "../support/warnings.ts";
import { within } from "../support/within.ts";

for (
  const [what, handler, got] of [
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["a response", new Response(), "an object"],
    ["a channel", new EventChannel(), "an object"],
    [
      "an app of Hono",
      { fetch: () => new Response() },
      'an object with a method "fetch"; pass that method',
    ],
  ] as const
) {
  Deno.test(`toNodeHandler() throws TypeError for ${what} in place of a handler`, () => {
    const { message } = assertThrows(
      () => toNodeHandler(handler as unknown as FetchHandler),
      TypeError,
    );
    assertEquals(
      message,
      `Cannot make node handler: expected "handler" to be a function that answers a Request with a Response, got ${got}`,
    );
  });
}

for (
  const [what, args, got] of [
    ["a Request", [new Request("http://a/")], "an object and undefined"],
    [
      "a context of Koa",
      [{ req: {}, res: {} }, () => {}],
      "an object and a function",
    ],
    [
      "objects of Fastify",
      [{ raw: {} }, { raw: {} }],
      "an object and an object",
    ],
    ["nothing", [], "undefined and undefined"],
  ] as [string, unknown[], string][]
) {
  Deno.test(`the listener of toNodeHandler() throws TypeError if it is called with ${what}`, () => {
    const listener = toNodeHandler(() => new Response());
    const { message } = assertThrows(
      () => (listener as (...args: unknown[]) => void)(...args),
      TypeError,
    );
    assertEquals(
      message,
      `Cannot answer request: expected the request and the response of node:http or node:http2, got ${got}; Koa has them in ctx.req and ctx.res, Fastify in request.raw and reply.raw`,
    );
  });
}

/** A response of another library, with members of its own. */
function foreign(members: Record<string, unknown>): Response {
  const headers = new Headers({ "x-header": "a" });
  const response = { status: 201, statusText: "", headers, body: null };
  return { ...response, ...members } as unknown as Response;
}

const RETURNED: [what: string, value: unknown, got: string][] = [
  ["nothing", undefined, "undefined"],
  ["null", null, "null"],
  ["text", "data: a", '"data: a"'],
  ["a number", 200, "200"],
  ["a function", () => new Response(), "a function"],
  ["an object", { status: 200 }, "an object"],
  [
    "an object with headers that are none",
    foreign({ headers: {} }),
    "an object",
  ],
  [
    "a response whose body is a stream of Node",
    foreign({ body: { pipe: () => {} } }),
    'an object whose "body" is an object and no ReadableStream',
  ],
  [
    "a response whose body is text",
    foreign({ body: "a" }),
    'an object whose "body" is "a" and no ReadableStream',
  ],
];

for (const [protocol, withNodeServer] of Object.entries(PROTOCOLS)) {
  for (const [what, value, got] of RETURNED) {
    for (const isAsync of [false, true]) {
      Deno.test(
        `toNodeHandler() says what it got if a handler returns ${what}${
          isAsync ? " later" : ""
        }, ${protocol}`,
        async () => {
          const errors: unknown[] = [];
          const returned = value as Response;
          const handler = () => isAsync ? Promise.resolve(returned) : returned;
          await withNodeServer(handler, async ({ begin }) => {
            const exchange = begin();
            exchange.upload.end();
            const { status } = await within("the head", exchange.head);
            assertEquals(status, 500);
          }, { onError: (error) => void errors.push(error) });
          assertEquals(errors.length, 1);
          assert(errors[0] instanceof TypeError);
          assertEquals(
            errors[0].message,
            `Cannot send response: expected the handler to return a Response, got ${got}`,
          );
        },
      );
    }
  }

  Deno.test(`toNodeHandler() sends a response of another realm or library, ${protocol}`, async () => {
    const { body } = new Response("hello");
    const lists = new Map([["x-header", "b"]]);
    const bodies = [
      foreign({ body }),
      // Its headers have no getSetCookie(), as those of older libraries.
      foreign({ headers: lists }),
    ];
    const handler = () => bodies.shift()!;
    await withNodeServer(handler, async ({ begin }) => {
      for (const expected of [["a", "hello"], ["b", ""]]) {
        const exchange = begin();
        exchange.upload.end();
        const { status, headers } = await within("the head", exchange.head);
        const text = await within("the body", readText(exchange.body()));
        assertEquals(status, 201);
        assertEquals([headers["x-header"], text], expected);
      }
    });
  });
}

Deno.test("toNodeHandler() says which request a channel was given, if it is Node's own", async () => {
  const channel = new EventChannel();
  using recorder = recordWarnings();
  let incoming: unknown;
  const handler = () => channel.serve(incoming as Request);
  await withHttp1Server(handler, async ({ begin }) => {
    const exchange = begin();
    exchange.upload.end();
    assertEquals((await within("the head", exchange.head)).status, 500);
  }, {
    mount: (listener) => (request, response) => {
      incoming = request;
      listener(request, response);
    },
  });
  await channel.close();
  const [warning] = recorder.warnings;
  assertEquals(recorder.warnings.length, 1);
  assert(
    warning?.message.includes(
      'got a request of node:http, for which "toNodeHandler"',
    ),
    warning?.message,
  );
});

Deno.test("toNodeHandler() warns with a stack of a generator that throws", async () => {
  using recorder = recordWarnings();
  // deno-lint-ignore require-yield -- it fails before
  async function* failingGenerator(): AsyncGenerator<never> {
    await Promise.resolve();
    throw new Error("of the generator");
  }
  const handler: FetchHandler = (request) =>
    serveEvents(request, failingGenerator());
  await withHttp1Server(handler, async ({ begin }) => {
    const exchange = begin();
    exchange.upload.end();
    await exchange.head.then(() => readText(exchange.body())).catch(() => {});
    for (let turn = 0; recorder.warnings.length === 0 && turn < 500; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  assertEquals(recorder.warnings.length, 1);
  const { message, detail } = recorder.warnings[0]!;
  assert(message.endsWith("of the generator"), message);
  assert(detail.includes("failingGenerator"), detail);
});
