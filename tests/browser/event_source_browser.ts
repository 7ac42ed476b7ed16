// Copyright 2026 the Tidings authors. MIT license.

/** The `EventSource` of a real browser against our server. */

import { assert, assertEquals } from "@std/assert";
import {
  type CorsOptions,
  type EventSession,
  serveEvents,
  stopReconnecting,
} from "../../server.ts";
import { withServer } from "../support/raw_client.ts";
import { findLine, linesOf } from "../support/process_lines.ts";
import { within } from "../support/within.ts";
import { browserTest } from "./_browser.ts";
import { type Handler, withPage } from "./_page.ts";

browserTest(
  "browser: EventSource receives events, by type",
  async (browser) => {
    const handler: Handler = (request) =>
      serveEvents(request, [
        { comment: "not an event", data: "a\nb" },
        { event: "tick", data: " café €", id: 7, retry: 60_000 },
        { event: "tick", data: "" },
        { event: "end", data: "" },
      ]);
    await withServer(withPage(handler), async (port) => {
      const page = await browser.open(`http://127.0.0.1:${port}/`);
      const received = await page.run(async (path) => {
        const source = new EventSource(path);
        const events: unknown[] = [];
        const keep = ({ type, data, lastEventId, origin }: MessageEvent) =>
          events.push({ type, data, lastEventId, origin });
        source.onmessage = keep;
        source.addEventListener("tick", keep);
        await new Promise((resolve) => source.addEventListener("end", resolve));
        source.close();
        return events;
      }, "/events");
      const origin = `http://127.0.0.1:${port}`;
      assertEquals(received, [
        { type: "message", data: "a\nb", lastEventId: "", origin },
        { type: "tick", data: " café €", lastEventId: "7", origin },
        { type: "tick", data: "", lastEventId: "7", origin },
      ]);
    });
  },
);

browserTest(
  "browser: EventSource that is closed closes the session as client",
  async (browser) => {
    const sessions: EventSession[] = [];
    const handler: Handler = (request) =>
      serveEvents(request, (session) => {
        sessions.push(session);
        session.send({ data: "hello" });
      });
    await withServer(withPage(handler), async (port) => {
      const page = await browser.open(`http://127.0.0.1:${port}/`);
      const readyState = await page.run(async (path) => {
        const source = new EventSource(path);
        await new Promise((resolve) => source.onmessage = resolve);
        source.close();
        return source.readyState;
      }, "/events");
      assertEquals(readyState, EventSource.CLOSED);
      assertEquals(sessions.length, 1);
      for (const { closed } of sessions) {
        assertEquals(await within("closed", closed), "client");
      }
    });
  },
);

browserTest(
  "browser: EventSource brings its last event ID as UTF-8 when it comes back",
  async (browser) => {
    const lastEventIds: (string | undefined)[] = [];
    const handler: Handler = (request) =>
      serveEvents(request, ({ lastEventId }) => {
        lastEventIds.push(lastEventId);
        return [{ data: `${lastEventId}`, id: "café €" }];
      }, { retry: 1 });
    await withServer(withPage(handler), async (port) => {
      const page = await browser.open(`http://127.0.0.1:${port}/`);
      await page.run(async (path) => {
        const source = new EventSource(path);
        await new Promise<void>((resolve) => {
          source.onmessage = ({ data }) => {
            if (data !== "undefined") resolve();
          };
        });
        source.close();
      }, "/events");
      assertEquals(lastEventIds.slice(0, 2), [undefined, "café €"]);
    });
  },
);

for (const onError of [undefined, () => {}]) {
  const how = onError === undefined ? "without onError" : "with onError";
  browserTest(
    `browser: EventSource comes back after the source threw, ${how}`,
    async (browser) => {
      let requests = 0;
      const handler: Handler = (request) =>
        serveEvents(request, function* ({ lastEventId = "0" }) {
          requests++;
          yield { data: lastEventId, id: Number(lastEventId) + 1 };
          throw new Error("a failure that the test is about");
        }, { retry: 1, onError });
      await withServer(withPage(handler), async (port) => {
        const page = await browser.open(`http://127.0.0.1:${port}/`);
        const received = await page.run(async (path) => {
          const source = new EventSource(path);
          const all: string[] = [];
          await new Promise<void>((resolve) => {
            source.onmessage = ({ data }) => {
              all.push(data);
              if (all.length === 3) resolve();
            };
          });
          source.close();
          return all;
        }, "/events");
        assertEquals(received, ["0", "1", "2"]);
        assert(requests >= 3);
      });
    },
  );
}

browserTest(
  "browser: EventSource does not come back after stopReconnecting()",
  async (browser) => {
    let requests = 0;
    const handler: Handler = (request) => {
      requests++;
      return requests === 1
        ? serveEvents(request, [{ data: "only" }], { retry: 1, cors: {} })
        : stopReconnecting(request, { cors: {} });
    };
    await withServer(withPage(handler), async (pagePort) => {
      await withServer(handler, async (port) => {
        const page = await browser.open(`http://127.0.0.1:${pagePort}/`);
        const states = await page.run(async (url) => {
          const source = new EventSource(url);
          const states: number[] = [];
          await new Promise<void>((resolve) => {
            source.onerror = () => {
              states.push(source.readyState);
              if (source.readyState === EventSource.CLOSED) resolve();
            };
          });
          return states;
        }, `http://127.0.0.1:${port}/`);
        assertEquals(states, [EventSource.CONNECTING, EventSource.CLOSED]);
        assertEquals(requests, 2);
      });
    });
  },
);

interface CorsRow {
  name: string;
  /** The options, made from the origin of the page. */
  cors: (origin: string) => CorsOptions | undefined;
  withCredentials: boolean;
  /** The cookies that the server got, `undefined` if the page may not read them. */
  expected: string | undefined;
}

const CORS_ROWS: CorsRow[] = [
  {
    name: "no other origin without cors",
    cors: () => undefined,
    withCredentials: false,
    expected: undefined,
  },
  {
    name: "every origin by default",
    cors: () => ({}),
    withCredentials: false,
    expected: "",
  },
  {
    name: "an origin that is listed",
    cors: (origin) => ({ origins: [origin] }),
    withCredentials: false,
    expected: "",
  },
  {
    name: "no origin that is not listed",
    cors: () => ({ origins: ["https://app.example"] }),
    withCredentials: false,
    expected: undefined,
  },
  {
    name: "credentials that are allowed",
    cors: (origin) => ({ origins: [origin], credentials: true }),
    withCredentials: true,
    expected: "user=ada",
  },
  {
    name: "no credentials that are not allowed",
    cors: (origin) => ({ origins: [origin] }),
    withCredentials: true,
    expected: undefined,
  },
];

browserTest("browser: EventSource and CORS", async (browser) => {
  let cors: CorsOptions | undefined;
  const handler: Handler = (request) => {
    const data = request.headers.get("cookie") ?? "";
    return serveEvents(request, [{ data }], { cors });
  };
  await withServer(withPage(handler), async (pagePort) => {
    const origin = `http://127.0.0.1:${pagePort}`;
    const page = await browser.open(`${origin}/`);
    await withServer(handler, async (port) => {
      for (const row of CORS_ROWS) {
        cors = row.cors(origin);
        const { withCredentials } = row;
        const url = `http://127.0.0.1:${port}/`;
        const received = await page.run(async ({ url, withCredentials }) => {
          const source = new EventSource(url, { withCredentials });
          const data = await new Promise<string | null>((resolve) => {
            source.onmessage = ({ data }) => resolve(data);
            source.onerror = () => resolve(null);
          });
          source.close();
          return data;
        }, { url, withCredentials });
        assertEquals(received ?? undefined, row.expected, row.name);
      }
    });
  });
});

browserTest(
  "browser: fetch() of another origin may send the headers that it asks for",
  async (browser) => {
    const methods: string[] = [];
    let cors: CorsOptions | undefined;
    const handler: Handler = (request) => {
      methods.push(request.method);
      const token = request.headers.get("authorization");
      return serveEvents(
        request,
        ({ lastEventId }) => [{ data: `${lastEventId} ${token}` }],
        { cors },
      );
    };
    await withServer(withPage(handler), async (pagePort) => {
      const origin = `http://127.0.0.1:${pagePort}`;
      const page = await browser.open(`${origin}/`);
      await withServer(handler, async (port) => {
        const read = () =>
          page.run(async (url) => {
            const headers = { "last-event-id": "7", authorization: "Bearer t" };
            const response = await fetch(url, {
              headers,
              credentials: "include",
            });
            return await response.text();
          }, `http://127.0.0.1:${port}/`).catch(() => "refused");
        assertEquals(await read(), "refused");
        assertEquals(methods, ["OPTIONS"]);
        cors = { origins: [origin], credentials: true };
        assertEquals(await read(), "data: 7 Bearer t\n\n");
        assertEquals(methods, ["OPTIONS", "OPTIONS", "GET"]);
      });
    });
  },
);

/** Starts the server that can be killed, and waits for its port. */
async function startTickServer(
  port: number,
): Promise<{ port: number; kill: () => Promise<void> }> {
  const script = new URL("./_tick_server.ts", import.meta.url);
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--allow-net", script.href, `${port}`],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const lines = linesOf(process.stdout).getReader();
  const [digits] = await findLine(lines, /\d+/);
  return {
    port: Number(digits),
    kill: async () => {
      process.kill("SIGKILL");
      await process.status;
      await lines.cancel();
    },
  };
}

browserTest(
  "browser: EventSource misses nothing when the server is killed and started again",
  async (browser) => {
    const first = await startTickServer(0);
    const page = await browser.open(`http://127.0.0.1:${first.port}/`);
    await page.run(async (path) => {
      const source = new EventSource(path);
      const ids: string[] = [];
      Object.assign(globalThis, { source, ids });
      await new Promise<void>((resolve) => {
        source.addEventListener("tick", ({ lastEventId }) => {
          ids.push(lastEventId);
          if (ids.length === 5) resolve();
        });
      });
    }, "/ticks");
    await first.kill();
    const second = await startTickServer(first.port);
    const [before, after] = await page.run(async () => {
      const source: EventSource = Reflect.get(globalThis, "source");
      const ids: string[] = Reflect.get(globalThis, "ids");
      const before = ids.length;
      await new Promise<void>((resolve) => {
        source.addEventListener("tick", () => {
          if (ids.length >= before + 10) resolve();
        });
      });
      source.close();
      return [before, ids];
    }, null) as [number, string[]];
    await second.kill();
    assert(before >= 5);
    assertEquals(after, after.map((_, index) => `${index}`));
  },
);
