// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertThrows } from "@std/assert";
import { type CorsOptions, serveEvents } from "../../server.ts";

const FEED_URL = "http://localhost/feed";
const ORIGIN = "https://app.example";

/** The headers that an answer has for the sake of CORS. */
async function corsHeaders(
  cors: CorsOptions | undefined,
  method: string,
  headers: Record<string, string>,
): Promise<Record<string, string>> {
  const request = new Request(FEED_URL, { method, headers });
  const response = serveEvents(request, [], { cors });
  await response.body?.cancel();
  return Object.fromEntries(
    [...response.headers].filter(([name]) =>
      name === "vary" || name.startsWith("access-control-")
    ),
  );
}

interface CorsRow {
  name: string;
  cors: CorsOptions | undefined;
  origin?: string;
  expected: Record<string, string>;
}

const CORS_ROWS: CorsRow[] = [
  {
    name: "nothing without cors",
    cors: undefined,
    origin: ORIGIN,
    expected: {},
  },
  {
    name: "a star for every origin",
    cors: {},
    origin: ORIGIN,
    expected: { "access-control-allow-origin": "*" },
  },
  {
    name: "a star without an origin",
    cors: { origins: "*" },
    expected: { "access-control-allow-origin": "*" },
  },
  {
    name: "the origin if it is listed",
    cors: { origins: ["https://other.example", ORIGIN] },
    origin: ORIGIN,
    expected: { "access-control-allow-origin": ORIGIN, "vary": "Origin" },
  },
  {
    name: "only vary if it is not listed",
    cors: { origins: ["https://other.example"] },
    origin: ORIGIN,
    expected: { "vary": "Origin" },
  },
  {
    name: "only vary without an origin",
    cors: { origins: [ORIGIN], credentials: true },
    expected: { "vary": "Origin" },
  },
  {
    name: "no origin that only begins alike",
    cors: { origins: [ORIGIN] },
    origin: `${ORIGIN}.evil.example`,
    expected: { "vary": "Origin" },
  },
  {
    name: "credentials if allowed",
    cors: { origins: [ORIGIN], credentials: true },
    origin: ORIGIN,
    expected: {
      "access-control-allow-credentials": "true",
      "access-control-allow-origin": ORIGIN,
      "vary": "Origin",
    },
  },
  {
    name: "no credentials to an origin that is not listed",
    cors: { origins: [ORIGIN], credentials: true },
    origin: "null",
    expected: { "vary": "Origin" },
  },
  {
    name: "what a function allows",
    cors: { origins: (origin) => origin.endsWith(".example") },
    origin: ORIGIN,
    expected: { "access-control-allow-origin": ORIGIN, "vary": "Origin" },
  },
  {
    name: "not what a function refuses",
    cors: { origins: () => false },
    origin: ORIGIN,
    expected: { "vary": "Origin" },
  },
];

for (const { name, cors, origin, expected } of CORS_ROWS) {
  Deno.test(`serveEvents() CORS: ${name}`, async () => {
    const headers: Record<string, string> = origin ? { origin } : {};
    const answers = [
      await corsHeaders(cors, "GET", headers),
      await corsHeaders(cors, "HEAD", headers),
      await corsHeaders(cors, "POST", headers),
      await corsHeaders(cors, "GET", { ...headers, accept: "text/html" }),
      // No preflight without `access-control-request-method`.
      await corsHeaders(cors, "OPTIONS", headers),
    ];
    for (const actual of answers) assertEquals(actual, expected);
  });
}

Deno.test("serveEvents() CORS: adds Origin to the user's own Vary", async () => {
  const response = serveEvents(new Request(FEED_URL), [], {
    headers: { vary: "Accept-Language" },
    cors: { origins: [ORIGIN] },
  });
  assertEquals(response.headers.get("vary"), "Accept-Language, Origin");
  await response.body?.cancel();
});

Deno.test("serveEvents() CORS: answers a preflight", async () => {
  const headers = {
    origin: ORIGIN,
    "access-control-request-method": "GET",
    "access-control-request-headers": "authorization,last-event-id",
  };
  const cors = { origins: [ORIGIN], credentials: true, maxAge: 600 };
  assertEquals(await corsHeaders(cors, "OPTIONS", headers), {
    "access-control-allow-credentials": "true",
    "access-control-allow-headers": "authorization,last-event-id",
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-origin": ORIGIN,
    "access-control-max-age": "600",
    "vary": "Origin",
  });
});

Deno.test("serveEvents() CORS: a preflight of a foreign origin learns nothing", async () => {
  const headers = {
    origin: "https://evil.example",
    "access-control-request-method": "GET",
    "access-control-request-headers": "authorization",
  };
  const cors = { origins: [ORIGIN], maxAge: 600 };
  assertEquals(await corsHeaders(cors, "OPTIONS", headers), { vary: "Origin" });
  assertEquals(await corsHeaders(undefined, "OPTIONS", headers), {});
});

Deno.test("serveEvents() throws TypeError if credentials go to every origin", () => {
  for (
    const cors of [{ credentials: true }, { origins: "*", credentials: true }]
  ) {
    assertThrows(
      () =>
        serveEvents(new Request(FEED_URL), [], { cors: cors as CorsOptions }),
      TypeError,
      'Cannot serve events: expected "cors.origins" to be a list or a function where "cors.credentials" is true, got "*"',
    );
  }
});

for (
  const origin of [
    "",
    "app.example",
    "https://app.example/",
    "https://app.example/path",
    "https://App.example",
    "https://app.example:443",
    "https://*.example",
    "null",
    "*",
  ]
) {
  Deno.test(`serveEvents() throws TypeError if cors.origins has ${JSON.stringify(origin)}`, () => {
    assertThrows(
      () =>
        serveEvents(new Request(FEED_URL), [], { cors: { origins: [origin] } }),
      TypeError,
      `Cannot serve events: expected "cors.origins[0]" to be an origin such as "https://app.example", got ${
        JSON.stringify(origin)
      }`,
    );
  });
}

Deno.test("serveEvents() allows origins with a port and of other schemes", async () => {
  const origins = [
    "http://localhost:8000",
    "http://[::1]:8000",
    "chrome-extension://abcdefgh",
  ];
  for (const origin of origins) {
    assertEquals(await corsHeaders({ origins }, "GET", { origin }), {
      "access-control-allow-origin": origin,
      "vary": "Origin",
    });
  }
});

Deno.test("serveEvents() throws TypeError if cors.origins is one origin", () => {
  const cors = { origins: ORIGIN } as unknown as CorsOptions;
  assertThrows(
    () => serveEvents(new Request(FEED_URL), [], { cors }),
    TypeError,
    `Cannot serve events: expected "cors.origins" to be "*", a list or a function, got "${ORIGIN}"`,
  );
});

for (const maxAge of [-1, 1.5, NaN, Infinity]) {
  Deno.test(`serveEvents() throws RangeError if cors.maxAge is ${maxAge}`, () => {
    assertThrows(
      () => serveEvents(new Request(FEED_URL), [], { cors: { maxAge } }),
      RangeError,
      `Cannot serve events: expected "cors.maxAge" to be an integer of at least 0, got ${maxAge}`,
    );
  });
}
