// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertThrows } from "@std/assert";
import {
  type BackoffOptions,
  connect,
  type ConnectOptions,
  EventSource,
  type EventSourceInit,
} from "../../client.ts";
import { SharedEventSource } from "../../shared/mod.ts";
import { testOptions } from "../support/options_suite.ts";

const URL = "http://localhost/events";
const BACKOFF = {
  factor: 2,
  maxDelay: 5,
  maxAttempts: 5,
  healthyAfter: 5,
  random: () => 0,
};
const INIT = {
  withCredentials: true,
  fetch: () => Promise.reject(new Error("No request is needed")),
  headers: () => ({ "x-own": "1" }),
  method: "POST",
  body: "{}",
  signal: new AbortController().signal,
  lastEventId: "5",
  lastEventIdParameter: "after",
  reconnectionTime: 5,
  backoff: BACKOFF,
  idleTimeout: 5,
  ignoreContentType: true,
  ignoreStatus: true,
  maxEventSize: 5,
  shouldReconnect: () => false,
  onComment: () => {},
  clock: { now: () => 0, setTimeout: () => 0, clearTimeout: () => {} },
};
const WRONG_INIT = {
  fetch: URL,
  headers: 5,
  method: 5,
  signal: new AbortController(),
  lastEventId: 5,
  lastEventIdParameter: 5,
  reconnectionTime: "5",
  backoff: 5,
  idleTimeout: "5",
  ignoreContentType: "text/plain",
  ignoreStatus: 201,
  maxEventSize: "5",
  shouldReconnect: true,
  onComment: [],
  clock: Date,
};
const WRONG_BACKOFF = {
  factor: "2",
  maxDelay: "5",
  maxAttempts: "5",
  healthyAfter: "5",
  random: 0.5,
};

testOptions<ConnectOptions>({
  name: "connect()",
  call: (options) => connect(URL, options).close(),
  right: { ...INIT, onStateChange: () => {} },
  wrong: {
    ...WRONG_INIT,
    withCredentials: "include",
    onStateChange: {},
    // The request is made of it: `fetch` takes any value.
    body: undefined,
  },
});

testOptions<BackoffOptions>({
  name: "connect()",
  path: "backoff",
  takesNull: true,
  call: (backoff) => connect(URL, { backoff }).close(),
  right: BACKOFF,
  wrong: WRONG_BACKOFF,
});

const NAMES = Object.keys(INIT) as (keyof EventSourceInit)[];

for (const name of NAMES) {
  Deno.test(`connect() and EventSource take null for "${name}" as left out`, () => {
    const init = { [name]: null } as EventSourceInit;
    connect(URL, init).close();
    new EventSource(URL, init).close();
    new SharedEventSource(URL, init).close();
  });
}

for (const body of [null, undefined]) {
  Deno.test(`connect() sends GET with the body ${body}`, async () => {
    const methods: unknown[] = [];
    const events = connect(URL, {
      body: body as unknown as undefined,
      fetch: (_, { method }) => {
        methods.push(method);
        return Promise.resolve(new Response(null, { status: 204 }));
      },
    });
    await events.next();
    assertEquals(methods, ["GET"]);
  });
}

Deno.test("connect() and EventSource send the headers of options with getters and private fields", async () => {
  class Base {
    #token = "Bearer 1";
    get headers() {
      return { Authorization: this.#token };
    }
  }
  class Options extends Base {
    readonly seen: (string | null)[] = [];
    get fetch() {
      return (_: string, { headers }: RequestInit) => {
        this.seen.push(new Headers(headers).get("authorization"));
        return Promise.resolve(new Response(null, { status: 204 }));
      };
    }
  }
  const inherited = new Options();
  await connect(
    URL,
    Object.create(null, {
      headers: { get: () => inherited.headers },
      fetch: { get: () => inherited.fetch },
    }),
  ).next();
  // A member that is no option is the caller's own only in a class of its own.
  Object.defineProperty(inherited, "seen", { enumerable: false });
  await connect(URL, inherited).next();
  await new Promise((resolve) => {
    new EventSource(URL, inherited).onerror = resolve;
  });
  assertEquals(inherited.seen, ["Bearer 1", "Bearer 1", "Bearer 1"]);
});

for (const Class of [EventSource, SharedEventSource]) {
  Deno.test(`${Class.name} ignores unknown members, as Web IDL says`, () => {
    const init = { lastEventID: "5", backoff: { factr: 2 }, topics: ["a"] };
    new Class(URL, init as EventSourceInit).close();
  });

  for (const [name, value] of Object.entries(WRONG_INIT)) {
    Deno.test(`${Class.name} refuses a "${name}" of a wrong type`, () => {
      assertThrows(
        () => new Class(URL, { [name]: value } as EventSourceInit),
        TypeError,
        `Cannot connect: expected "${name}" to be `,
      );
    });
  }

  for (const [name, value] of Object.entries(WRONG_BACKOFF)) {
    Deno.test(`${Class.name} refuses a "backoff.${name}" of a wrong type`, () => {
      assertThrows(
        () => new Class(URL, { backoff: { [name]: value } } as EventSourceInit),
        TypeError,
        `Cannot connect: expected "backoff.${name}" to be `,
      );
    });
  }

  Deno.test(`${Class.name} reads each member once, inherited ones too`, () => {
    const reads: string[] = [];
    const proxy = new Proxy({ ...INIT, key: "ada" }, {
      get(target, name, receiver) {
        reads.push(String(name));
        return Reflect.get(target, name, receiver);
      },
    });
    const source = new Class(URL, Object.create(proxy));
    source.close();
    assertEquals(source.withCredentials, true);
    const names = Object.keys(INIT);
    if (Class === SharedEventSource) names.push("key");
    assertEquals(reads.sort(), names.sort());
  });
}
