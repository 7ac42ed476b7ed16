// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a `fetch` does wrong for good, and what is the network's: the first fails once, the
 * second is tried again, whatever the engine and the runtime say of it.
 */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { connect, EventSource, EventSourceError } from "../../client.ts";
import type { ConnectOptions } from "../../client.ts";
import { eventStream, serve } from "../support/event_server.ts";
import { RawServer } from "../support/raw_server.ts";
import { SENDS_CONTROL_CHARACTERS } from "../support/sends_control_characters.ts";
import { SkippingClock } from "../support/test_clock.ts";
import { within } from "../support/within.ts";
import { runToTheEnd } from "./_run_to_the_end.ts";

type Fetch = NonNullable<ConnectOptions["fetch"]>;

const UNDEFINED = undefined as unknown as Record<string, () => void>;
const NULL = null as unknown as typeof UNDEFINED;
const OBJECT = {} as typeof UNDEFINED;
const FIVE = 5 as unknown as { new (): object } & number[];
const CIRCLE: Record<string, unknown> = {};
CIRCLE.circle = CIRCLE;

declare const notThere: unknown;

class Class {}

const FROZEN: object = Object.freeze({ a: 1 });

/** Mistakes, made for real: the texts are those of the engine that runs this. */
const MISTAKES: Record<string, (init: RequestInit) => unknown> = {
  "reads a member of undefined": () => UNDEFINED.a,
  "reads a member of null": () => NULL.a,
  "calls a member of undefined": () => UNDEFINED.a!(),
  "calls what is missing": () => OBJECT.a!(),
  "calls a null": () => (NULL as unknown as () => void)(),
  "sets a member of undefined": () => {
    UNDEFINED.a = () => {};
  },
  "sets a member of null": () => {
    NULL.a = () => {};
  },
  "takes undefined apart": () => {
    const { a } = UNDEFINED;
    return a;
  },
  "takes a number apart": () => {
    const [a] = FIVE;
    return a;
  },
  "iterates over an object": () => {
    for (const a of OBJECT as unknown as number[]) console.log(a);
  },
  "makes an object of a number": () => new FIVE(),
  "calls a class": () => (Class as unknown as () => void)(),
  "writes a circle as JSON": () => JSON.stringify(CIRCLE),
  "writes a symbol": () => `${Symbol("a") as unknown as string}`,
  "reads what is no JSON": () => JSON.parse("<html>"),
  "takes the keys of null": () => Object.keys(NULL),
  "uses a name that is not there": () => notThere,
  "recurses for ever": function recurse(): number {
    return 1 + recurse();
  },
  "makes a URL of what is none": () => new URL("no URL"),
  "decodes a broken URI": () => decodeURIComponent("%"),
  "encodes a snowman in base64": () => btoa("\u2603"),
  "sets a header with a malformed name": () => new Headers({ "a b": "c" }),
  "writes a big number as JSON": () => JSON.stringify({ a: 1n }),
  "adds a number to a big one": () => 1n + (FIVE as unknown as bigint),
  "looks for a member of a number": () => "a" in (FIVE as object),
  "asks for an instance of a number": () =>
    OBJECT instanceof (FIVE as unknown as typeof Object),
  "sets a member that is read-only": () => {
    (FROZEN as { a: number }).a = 2;
  },
  "adds a member to what is frozen": () => {
    (FROZEN as Record<string, number>).b = 2;
  },
  "defines a member of what is frozen": () =>
    Object.defineProperty(FROZEN, "b", { value: 2 }),
  "adds to a list that is frozen": () =>
    (Object.freeze([]) as unknown as number[]).push(1),
  "sets the prototype of what is frozen": () =>
    Object.setPrototypeOf(FROZEN, {}),
  "calls a method of another class": () => Map.prototype.get.call(OBJECT, "a"),
  "makes what cannot be made": () =>
    new (AbortSignal as unknown as typeof FIVE)(),
  "makes a date of what is none": () => new Date("no").toISOString(),
  "makes a list of no length": () => new Array(-1),
  "shows a number in no base": () => (5).toString(99),
  "makes a response of a status that there is not": () =>
    new Response("", { status: 1000 }),
  "throws an EvalError": () => {
    throw new EvalError("eval is not allowed");
  },
  "clones a function": () => structuredClone(() => {}),
  "reads a body twice": async () => {
    const response = new Response("a");
    await response.text();
    await response.text();
  },
};

/** What is given in place of a response. */
const ANSWERS: Record<string, unknown> = {
  "undefined": undefined,
  "null": null,
  "text": "data: a\n\n",
  "a number": 5,
  "an object": {},
  "a response of axios": {
    status: 200,
    data: "data: a\n\n",
    headers: { "content-type": "text/event-stream" },
  },
  "a response without a member body": {
    status: 200,
    headers: new Headers({ "content-type": "text/event-stream" }),
  },
};

const BROKEN: Record<string, Fetch> = {};
for (const [name, make] of Object.entries(MISTAKES)) {
  // A tick later, as after a wait for a token.
  BROKEN[`${name}, later`] = async (_url, init) => {
    await undefined;
    await make(init);
    return eventStream("data: a\n\n");
  };
  BROKEN[`${name}, at once`] = (_url, init) => {
    make(init);
    return Promise.resolve(eventStream("data: a\n\n"));
  };
}
// It rejects, whenever it is called.
delete BROKEN["reads a body twice, at once"];
for (const [name, answer] of Object.entries(ANSWERS)) {
  BROKEN[`resolves with ${name}`] = () => Promise.resolve(answer as Response);
  BROKEN[`returns ${name}`] = () => answer as Promise<Response>;
}
BROKEN["throws what is no error"] = () => {
  throw "no";
};
BROKEN["throws an Error at once"] = () => {
  throw new Error("no");
};

for (const [name, broken] of Object.entries(BROKEN)) {
  Deno.test(`connect() fails at once if fetch ${name}`, async () => {
    let calls = 0;
    const events = connect("http://a", {
      clock: new SkippingClock(),
      backoff: { maxAttempts: 3 },
      fetch: (...args) => {
        calls++;
        return broken(...args);
      },
    });
    const error = await assertRejects(() => events.next(), EventSourceError);
    assert(/local-error|invalid-request|unexpected/.test(error.reason));
    assertEquals([calls, events.readyState], [1, 2]);
  });

  Deno.test(`EventSource fails for good if fetch ${name}`, async () => {
    const { states, uncaught } = await runToTheEnd("http://a", {
      clock: new SkippingClock(),
      backoff: { maxAttempts: 3 },
      fetch: broken,
    });
    assertEquals(states, [EventSource.CLOSED]);
    assert(uncaught.length < 2, uncaught.join());
  });
}

Deno.test("EventSource reports a mistake of fetch, once", async () => {
  const { uncaught } = await runToTheEnd("http://a", {
    // deno-lint-ignore require-await -- as a user writes it
    fetch: async () => {
      UNDEFINED.a!();
      return eventStream("data: a\n\n");
    },
  });
  assertEquals(uncaught.length, 1, uncaught.join());
});

function error(name: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { name });
}

/** What networks are blamed with, as runtimes and libraries write it. */
const NETWORK_FAILURES: unknown[] = [
  // Chromium, Firefox, and WebKit, which translates its texts.
  new TypeError("Failed to fetch"),
  new TypeError("network error"),
  new TypeError("NetworkError when attempting to fetch resource."),
  new TypeError("Error in body stream"),
  new TypeError("Load failed"),
  new TypeError("The network connection was lost."),
  new TypeError("Die Netzwerkverbindung wurde unterbrochen."),
  new TypeError(
    "Parece que la conexi\u00f3n a Internet est\u00e1 desactivada.",
  ),
  new TypeError("\u30cd\u30c3\u30c8\u30ef\u30fc\u30af\u63a5\u7d9a"),
  new TypeError("Could not connect to the server."),
  new TypeError(
    "Origin http://a is not allowed by Access-Control-Allow-Origin. Status code: 502",
  ),
  new TypeError("Preflight response is not successful. Status code: 404"),
  new TypeError("Cannot connect to destination (a)"),
  new TypeError("Cannot resolve hostname (a)"),
  new TypeError("cancelled"),
  // React Native, and whatwg-fetch.
  new TypeError("Network request failed"),
  new TypeError("Network request timed out"),
  // undici, with its causes.
  new TypeError("fetch failed"),
  new TypeError("terminated", { cause: error("SocketError", "closed") }),
  ...[
    error("Error", "connect ECONNREFUSED 127.0.0.1:8000"),
    error("Error", "connect EINVAL 0.0.0.0: Invalid argument"),
    error("AggregateError", ""),
    error("SocketError", "other side closed"),
    error("ConnectTimeoutError", "Connect Timeout Error"),
    error("HTTPParserError", "Response does not match the HTTP/1.1 protocol"),
    error("Error", "Hostname/IP does not match: a. is not in the cert's names"),
    error("Error", "unable to verify the first certificate"),
  ].map((cause) => new TypeError("fetch failed", { cause })),
  // Deno; a URL may look like a mistake.
  new TypeError(
    "error sending request for url (http://a/x%20is%20not%20a%20function?const=ReferenceError): client error (Connect): tcp connect error: Cannot assign requested address (os error 99)",
  ),
  new TypeError("error sending request", {
    cause: new Error("tcp connect error: Invalid argument (os error 22)"),
  }),
  // Bun, workerd, Electron, node-fetch, axios, ky, got and Tauri.
  Object.assign(
    new Error("Unable to connect. Is the computer able to access"),
    {
      code: "ConnectionRefused",
    },
  ),
  new Error("Network connection lost."),
  new Error("net::ERR_INTERNET_DISCONNECTED"),
  Object.assign(
    error("FetchError", "request to http://a failed, reason: ECONNREFUSED"),
    { type: "system", code: "ECONNREFUSED" },
  ),
  error("AxiosError", "Network Error"),
  error("TimeoutError", "Request timed out: GET http://a"),
  error("RequestError", "getaddrinfo ENOTFOUND a"),
  "error sending request for url (http://a)",
  // The user's own limit of time, which no signal of ours has.
  new DOMException("The operation was aborted.", "AbortError"),
  new DOMException("The operation timed out.", "TimeoutError"),
  new DOMException("A network error occurred.", "NetworkError"),
  // What tells nothing.
  new Error("no"),
  new TypeError("no"),
  undefined,
  null,
  5,
  Symbol("no"),
  {},
];

for (const failure of NETWORK_FAILURES) {
  const { cause } = Object(failure);
  const name = `${String(failure)}${cause ? ` (${cause})` : ""}`;

  Deno.test(`connect() and EventSource try again if fetch rejects with ${name}`, async () => {
    let calls = 0;
    const options: ConnectOptions = {
      clock: new SkippingClock(),
      // A few failures first, then a stream.
      fetch: () =>
        ++calls % 3 === 0
          ? Promise.resolve(eventStream("data: a\n\n"))
          : Promise.reject(failure),
    };
    await using events = connect("http://a", options);
    assertEquals((await events.next()).value?.data, "a");
    assertEquals(calls, 3);
    const source = new EventSource("http://a", options);
    await within(
      "an event",
      new Promise((resolve) => source.onmessage = resolve),
    );
    source.close();
    assertEquals(calls, 6);
  });
}

Deno.test("connect() tries again what this runtime's fetch says of a network", async () => {
  await using server = new RawServer(() => Promise.resolve());
  const closed = new RawServer(() => Promise.resolve());
  await closed[Symbol.asyncDispose]();
  const urls = {
    "a connection that ends": server.url,
    "a host that is unknown": "http://tidings.invalid/",
    "a server that is gone": closed.url,
  };
  for (const [name, url] of Object.entries(urls)) {
    for (
      const fetch of [
        undefined,
        (...args: Parameters<Fetch>) => globalThis.fetch(...args),
      ]
    ) {
      const reasons: string[] = [];
      const events = connect(url, {
        fetch,
        reconnectionTime: 1,
        backoff: { maxAttempts: 1 },
        onStateChange: (state) =>
          state.state === "reconnecting" && reasons.push(state.reason),
      });
      const error = await assertRejects(() => events.next(), EventSourceError);
      assertEquals([name, ...reasons, error.reason], [
        name,
        "network-error",
        "network-error",
      ]);
    }
  }
});

Deno.test("connect() fails for good on headers and bodies that fetch never sends", async () => {
  await using server = serve((request) =>
    eventStream(`data: ${request.method}\n\n`)
  );
  const locked = () => {
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>();
    stream.getReader();
    return stream;
  };
  const again = () => true;
  const rows: Record<string, ConnectOptions> = {
    "expect": { headers: { expect: "100-continue" } },
    "connection": { headers: { connection: "a" } },
    "transfer-encoding": { headers: { "transfer-encoding": "chunked" } },
    "upgrade": { headers: { upgrade: "a" } },
    "content-length": { headers: { "content-length": "a" } },
    "a locked body": { body: locked, shouldReconnect: again },
  };
  for (const [name, options] of Object.entries(rows)) {
    await using events = connect(server.url, {
      ...options,
      reconnectionTime: 1,
      backoff: { maxAttempts: 2 },
    });
    // Where fetch sends it, or leaves it out, there is an event.
    const outcome = await events.next().catch((error) => error);
    if (!(outcome instanceof EventSourceError)) continue;
    assert(
      /local-error|invalid-request/.test(outcome.reason),
      `${name}: ${outcome.reason}: ${outcome.cause} ${
        (outcome.cause as Error)?.cause
      }`,
    );
  }
});

Deno.test("connect() fails at once on a header with a control character", async () => {
  await using server = serve(() => eventStream("data: a\n\n"));
  // A browser sends it, and the server that the tests have refuses it.
  const expected = SENDS_CONTROL_CHARACTERS ? /./ : /^(?!network-error)/;
  const headers = { "x-a": "a\x01b" };
  for (const option of [headers, () => headers, () => new Headers(headers)]) {
    const attempts: number[] = [];
    const events = connect(server.url, {
      headers: option,
      reconnectionTime: 1,
      backoff: { maxAttempts: 2 },
      onStateChange: (change) =>
        change.state === "reconnecting" && attempts.push(change.attempt),
    });
    const { reason } = await assertRejects(
      () => events.next(),
      EventSourceError,
    );
    assertMatch(reason, expected);
    if (!SENDS_CONTROL_CHARACTERS) assertEquals(attempts, []);
  }
});

/** A body as node-fetch has it: a stream of Node, without the rest of it. */
class NodeStream {
  isDestroyed = false;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield new TextEncoder().encode(this.#text);
    } finally {
      this.isDestroyed = true;
    }
  }
}

Deno.test({
  name:
    "connect() reads the responses of node-fetch, and tells the status of a refusal",
  ignore: !("from" in ReadableStream),
  fn: async () => {
    const bodies = [
      new NodeStream("data: a\n\n"),
      new NodeStream("Who are you?"),
    ];
    const headers = new Headers({ "content-type": "text/event-stream" });
    const statuses = [200, 401];
    const events = connect("http://a", {
      reconnectionTime: 1,
      fetch: () =>
        Promise.resolve(
          {
            status: statuses.shift(),
            headers,
            body: bodies[1 - statuses.length],
          } as unknown as Response,
        ),
    });
    assertEquals((await events.next()).value?.data, "a");
    const error = await assertRejects(() => events.next(), EventSourceError);
    assertEquals([error.reason, error.status, error.body], [
      "unexpected-status",
      401,
      "Who are you?",
    ]);
    assertEquals(bodies.map(({ isDestroyed }) => isDestroyed), [true, true]);
  },
});

Deno.test("connect() tells the status of a refusal without a member body, as React Native has it", async () => {
  const events = connect("http://a", {
    fetch: () =>
      Promise.resolve({ status: 404, headers: new Headers() } as Response),
  });
  const error = await assertRejects(() => events.next(), EventSourceError);
  assertEquals([error.reason, error.status], ["unexpected-status", 404]);
});

Deno.test("connect() and EventSource tell the status of a refusal whose body was read before", async () => {
  const readers: Record<string, (response: Response) => unknown> = {
    "its text": (response) => response.text(),
    "a reader": (response) => response.body!.getReader(),
    "a part of it": (response) => response.body!.getReader().read(),
  };
  for (const [name, read] of Object.entries(readers)) {
    const fetch = async () => {
      const response = new Response("Who are you?", { status: 401 });
      await read(response);
      return response;
    };
    const events = connect("http://a", { fetch });
    const error = await assertRejects(() => events.next(), EventSourceError);
    assertEquals([name, error.reason, error.status], [
      name,
      "unexpected-status",
      401,
    ]);
    const source = new EventSource("http://a", { fetch });
    const { status } = await new Promise<{ status?: number | undefined }>(
      (resolve) => source.onerror = resolve,
    );
    assertEquals([name, status], [name, 401]);
  }
});
