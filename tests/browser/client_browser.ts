// Copyright 2026 the Tidings authors. MIT license.

/** Our `EventSource` in a real browser, beside the browser's own and behind zone.js. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { bundle } from "../../scripts/_bundle.ts";
import { eventStream } from "../support/event_server.ts";
import type * as client from "../../client.ts";
import { type Browser, browserTest, type Page } from "./_browser.ts";

declare const tidings: typeof client;

/** What zone.js puts on the page. */
interface ZoneObject {
  name: string;
  fork(spec: ZoneSpec): ZoneObject;
  run<T>(fn: () => T): T;
}

/** As much of a `ZoneSpec` as is used here. */
interface ZoneSpec {
  name: string;
  onInvokeTask?(
    parent: {
      invokeTask(zone: unknown, task: unknown, ...rest: unknown[]): unknown;
    },
    current: unknown,
    target: unknown,
    task: { type: string },
    ...rest: unknown[]
  ): unknown;
  onHasTask?(
    parent: { hasTask(zone: unknown, state: unknown): unknown },
    current: unknown,
    target: unknown,
    state: { change: string; microTask: boolean },
  ): void;
}

declare const Zone: { current: ZoneObject };

/** Events at once, as one chunk. */
const STREAM = "retry: 60000\ndata: a\n\ndata: b\n\ndata: c\n\n";

/** Serves a page with a script, and three events in one chunk at any other path. */
async function withPage(
  browser: Browser,
  module: string,
  head: string,
  test: (page: Page, origin: string) => Promise<void>,
  makeBody: () => BodyInit = () => STREAM,
): Promise<void> {
  const script = await bundle(`tests/browser/${module}`);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/") {
        return new Response(
          `<!doctype html>${head}<script type=module src=/page.js></script>`,
          { headers: { "content-type": "text/html" } },
        );
      }
      if (pathname === "/page.js") {
        return new Response(script, {
          headers: { "content-type": "text/javascript" },
        });
      }
      return eventStream(makeBody());
    },
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  await test(await browser.open(`${origin}/`), origin);
}

browserTest(
  "browser: our EventSource resolves relative URLs as the browser's does",
  async (browser) => {
    const head = "<base href=/base/there/>" +
      "<iframe srcdoc='<script src=/page.js type=module></script>'></iframe>";
    await withPage(browser, "_client_page.ts", head, async (page, origin) => {
      const urls = await page.run(() => {
        // The first frame.
        const { 0: frame } = globalThis as unknown as [
          typeof globalThis & { tidings: typeof client },
        ];
        const urls: string[] = [];
        for (
          const source of [
            new tidings.EventSource("../events"),
            new EventSource("../events"),
            new frame.tidings.EventSource("../events"),
            new frame.EventSource("../events"),
          ]
        ) {
          urls.push(source.url);
          source.close();
        }
        return urls;
      }, null);
      assertEquals(urls, Array(4).fill(`${origin}/base/events`));
    });
  },
);

browserTest(
  "browser: our EventSource dispatches the objects that the browser's does, of its own realm",
  async (browser) => {
    const head =
      "<iframe srcdoc='<script src=/page.js type=module></script>'></iframe>";
    const makeBody = () => "id: 1\ndata: a\n\nevent: b\ndata: b\n\n";
    await withPage(browser, "_client_page.ts", head, async (page) => {
      const [native, ...ours] = await page.run(async () => {
        const { 0: frame } = globalThis as unknown as [
          typeof globalThis & { tidings: typeof client },
        ];
        const describe = (event: Event, realm: typeof globalThis) => {
          const { data, origin, lastEventId, ports, source } =
            event as MessageEvent;
          const isMessage = event.type !== "open";
          const Class = isMessage ? realm.MessageEvent : realm.Event;
          return {
            type: event.type,
            isPlain: Object.getPrototypeOf(event) === Class.prototype,
            isOfRealm: event.constructor === Class,
            keys: Reflect.ownKeys(event).map(String),
            isAtTarget: event.target === event.currentTarget,
            members: isMessage && [
              data,
              new URL(origin).hostname,
              lastEventId,
              ports.length,
              source,
            ],
            phase: event.eventPhase,
            flags: [event.bubbles, event.cancelable, event.composed],
          };
        };
        const read = async (
          realm: typeof globalThis,
          Class: typeof EventSource,
        ) => {
          const source = new Class("/events");
          const seen: unknown[] = [];
          await new Promise<void>((resolve) => {
            const add = (event: Event) => {
              if (seen.push(describe(event, realm)) === 3) resolve();
            };
            // Each has a single listener, in either way.
            source.onopen = add;
            source.onmessage = add;
            source.addEventListener("b", add);
          });
          source.close();
          return seen;
        };
        const Ours = tidings.EventSource as typeof EventSource;
        const Framed = frame.tidings.EventSource as typeof EventSource;
        return [
          await read(globalThis, EventSource),
          await read(globalThis, Ours),
          await read(frame, Framed),
        ];
      }, null);
      assertEquals(ours, [native, native]);
    }, makeBody);
  },
);

browserTest(
  "browser: our EventSource has the members of the browser's, described alike",
  async (browser) => {
    await withPage(browser, "_client_page.ts", "", async (page) => {
      const [actual, expected] = await page.run(() => {
        const describe = (Class: typeof EventSource) =>
          [Class, Class.prototype].map((leader) =>
            Reflect.ownKeys(EventSource)
              .concat(Reflect.ownKeys(EventSource.prototype))
              .map((key) => {
                const descriptor = Object.getOwnPropertyDescriptor(leader, key);
                const { get, set, value } = descriptor ?? {};
                const functions = [get, set, value]
                  .filter((value) => typeof value === "function")
                  .map(({ name, length }) => `${name}/${length}`);
                const kind = typeof value === "number" ? value : typeof value;
                return {
                  ...descriptor,
                  key: String(key),
                  functions,
                  value: kind,
                };
              })
          );
        return [
          describe(tidings.EventSource as typeof EventSource),
          describe(EventSource),
        ].map((value) => JSON.parse(JSON.stringify(value)));
      }, null);
      assertEquals(actual, expected);
    });
  },
);

browserTest(
  "browser: what a listener of our EventSource awaits comes before the next event",
  async (browser) => {
    await withPage(browser, "_client_page.ts", "", async (page) => {
      const logs = await page.run(async () => {
        const run = async (
          Class: typeof EventSource,
          add: (source: EventSource, listener: EventListener) => void,
        ) => {
          const log: string[] = [];
          const source = new Class("/events");
          await new Promise<void>((resolve) =>
            add(source, async (event) => {
              const { data } = event as MessageEvent;
              log.push(`s${data}`);
              for (let i = 0; i < 20; i++) await null;
              log.push(`e${data}`);
              if (data === "c") resolve();
            })
          );
          source.close();
          return log.join();
        };
        const listen = (source: EventSource, listener: EventListener) =>
          source.addEventListener("message", listener);
        const call = (source: EventSource, listener: EventListener) =>
          EventTarget.prototype.addEventListener
            .call(source, "message", (event) => void listener(event));
        const handle = (source: EventSource, listener: EventListener) =>
          source.onmessage = listener;
        const Ours = tidings.EventSource as typeof EventSource;
        return [
          await run(EventSource, listen),
          await run(Ours, listen),
          await run(Ours, call),
          await run(Ours, handle),
        ];
      }, null);
      assertEquals(logs, Array(4).fill("sa,ea,sb,eb,sc,ec"));
    });
  },
);

browserTest(
  "browser: our EventSource calls listeners in the zone that zone.js gives them",
  async (browser) => {
    await withPage(browser, "_zone_page.ts", "", async (page) => {
      const log = await page.run(async () => {
        const source = new tidings.EventSource("/events");
        const log: string[] = [];
        const { addEventListener, removeEventListener } = EventTarget.prototype;
        const listen = (name: string, add: (listener: EventListener) => void) =>
          Zone.current.fork({ name }).run(() =>
            add((event) => {
              const { data } = event as MessageEvent;
              log.push(`${data} ${name} ${Zone.current.name}`);
            })
          );
        listen("one", (f) => source.addEventListener("message", f));
        listen("two", (f) => addEventListener.call(source, "message", f));
        listen("three", (f) => source.onmessage = f);
        const removed: EventListener[] = [];
        for (const name of ["four", "five"]) {
          listen(name, (f) => {
            removed.push(f);
            source.addEventListener("message", f);
          });
        }
        source.removeEventListener("message", removed[0]!);
        removeEventListener.call(source, "message", removed[1]!);
        await new Promise<void>((resolve) =>
          source.addEventListener("message", ({ data }) => {
            if (data === "b") resolve();
          })
        );
        source.close();
        return log;
      }, null);
      assertEquals(
        log,
        ["a", "b"].flatMap((data) =>
          ["one", "two", "three"].map((name) => `${data} ${name} ${name}`)
        ),
      );
    });
  },
);

/** Twenty events, one at a time. */
function oneByOne(): ReadableStream<Uint8Array> {
  let left = 20;
  return new ReadableStream({
    async pull(controller) {
      if (left-- === 0) return controller.close();
      await new Promise((resolve) => setTimeout(resolve, 5));
      controller.enqueue(new TextEncoder().encode("data: a\n\n"));
    },
  });
}

const BODIES: Record<string, () => BodyInit> = {
  "in one chunk": () => "retry: 60000\n" + "data: a\n\n".repeat(20),
  "one at a time": oneByOne,
};

for (const [how, makeBody] of Object.entries(BODIES)) {
  browserTest(
    `browser: our EventSource gives zone.js no more to do than the browser's: events ${how}`,
    async (browser) => {
      await withPage(browser, "_zone_page.ts", "", async (page) => {
        // As Angular's zone counts them.
        const [actual, expected] = await page.run(async () => {
          const count = (Class: typeof EventSource) => {
            let tasks = 0;
            let changes = 0;
            let nesting = 0;
            let hasMicrotasks = false;
            const look = () => {
              if (nesting === 0 && !hasMicrotasks) changes++;
            };
            const zone = Zone.current.fork({
              name: "counting",
              onInvokeTask(parent, _, target, task, ...rest) {
                if (task.type !== "microTask") tasks++;
                nesting++;
                try {
                  return parent.invokeTask(target, task, ...rest);
                } finally {
                  nesting--;
                  look();
                }
              },
              onHasTask(parent, current, target, state) {
                parent.hasTask(target, state);
                if (current !== target || state.change !== "microTask") return;
                hasMicrotasks = state.microTask;
                look();
              },
            });
            return new Promise<[tasks: number, changes: number]>((resolve) =>
              zone.run(() => {
                const source = new Class("/events");
                let left = 20;
                source.addEventListener("message", () => {
                  if (--left > 0) return;
                  source.close();
                  resolve([tasks, changes]);
                });
              })
            );
          };
          return JSON.stringify([
            await count(tidings.EventSource as typeof EventSource),
            await count(EventSource),
          ]);
        }, null).then(JSON.parse);
        const message = `${actual}, and the browser's ${expected}`;
        // The request and its response are all that is added.
        assert(actual[0] <= expected[0] + 1, message);
        assert(actual[1] <= expected[1] + 4, message);
      }, makeBody);
    },
  );
}

browserTest(
  "browser: what listeners of our EventSource await comes before the next of many events",
  async (browser) => {
    await withPage(
      browser,
      "_client_page.ts",
      "",
      async (page) => {
        const log = await page.run(async () => {
          const source = new tidings.EventSource("/events");
          const log: string[] = [];
          await new Promise<void>((resolve) => {
            source.onmessage = async ({ data }) => {
              log.push(data);
              for (let i = 0; i < 20; i++) await null;
              log.push(data);
              if (data === "99") resolve();
            };
          });
          source.close();
          return log;
        }, null);
        assertEquals(
          log,
          Array.from({ length: 200 }, (_, index) => `${index >> 1}`),
        );
      },
      () =>
        Array.from({ length: 100 }, (_, index) => `data: ${index}\n\n`).join(
          "",
        ),
    );
  },
);

browserTest(
  "browser: our EventSource calls few listeners of a message for events that come one by one",
  async (browser) => {
    await withPage(browser, "_client_page.ts", "", async (page) => {
      const calls = await page.run(async () => {
        let calls = 0;
        const { prototype } = MessagePort;
        const { addEventListener } = prototype;
        prototype.addEventListener = function (
          this: MessagePort,
          type: string,
          listener: EventListener,
        ) {
          addEventListener.call(this, type, (event) => {
            calls++;
            listener(event);
          });
        };
        let controller!: ReadableStreamDefaultController<Uint8Array>;
        const body = new ReadableStream({
          start: (given) => void (controller = given),
        });
        const headers = { "content-type": "text/event-stream" };
        const source = new tidings.EventSource("/events", {
          fetch: () => Promise.resolve(new Response(body, { headers })),
        });
        const result: number[] = [];
        for (const count of [500, ...Array<number>(20).fill(1)]) {
          const before = calls;
          let left = count;
          const last = new Promise<void>((resolve) => {
            source.onmessage = () => {
              if (--left === 0) resolve();
            };
          });
          const text = "data: a\n\n".repeat(count);
          controller.enqueue(new TextEncoder().encode(text));
          await last;
          // What is left of the message: the next event comes after it.
          await new Promise((resolve) => setTimeout(resolve));
          result.push(calls - before);
        }
        source.close();
        return result;
      }, null);
      const [many, ...single] = calls;
      assert(many! >= 100, `500 events called ${many} listeners`);
      const sum = single.reduce((sum, count) => sum + count);
      assert(sum <= 60, `20 events called ${sum} listeners`);
    });
  },
);

browserTest(
  "browser: lastEventIdParameter resumes from another origin that answers no preflight",
  async (browser) => {
    await withPage(browser, "_client_page.ts", "", async (page) => {
      const seen: string[] = [];
      await using other = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {} },
        ({ method, url }) => {
          const { pathname, search } = new URL(url);
          seen.push(`${method} ${pathname}${search}`);
          const headers = { "access-control-allow-origin": "*" };
          return method === "GET"
            ? eventStream("retry: 1\nid: 1\ndata: a\n\n", { headers })
            : new Response(null, { status: 405 });
        },
      );
      const origin = `http://127.0.0.1:${other.addr.port}`;
      for (const kind of ["connect", "EventSource"] as const) {
        const read = async (path: string, init: client.EventSourceInit) => {
          const url = origin + path;
          const end = await page.run(readToEnd, { kind, url, init });
          return [end, ...seen.filter((line) => line.includes(path))];
        };
        const [end, ...lost] = await read(`/${kind}`, {});
        assertMatch(end!, /"lastEventIdParameter" needs no preflight$/);
        assertEquals(lost.slice(0, 2), [`GET /${kind}`, `OPTIONS /${kind}`]);
        const path = `/resumed-${kind}`;
        const init = { lastEventIdParameter: "after" };
        const again = `GET ${path}?after=1`;
        assertEquals(
          (await read(path, init)).slice(0, 4),
          ["resumed", `GET ${path}`, again, again],
        );
      }
    });
  },
);

/** Reads three events, or to the first network error, in the page. */
async function readToEnd({ kind, url, init }: {
  kind: "connect" | "EventSource";
  url: string;
  init: client.EventSourceInit;
}): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const controller = new AbortController();
  const options = { ...init, signal: controller.signal };
  let left = 3;
  const onEvent = () => void (--left || resolve("resumed"));
  const onError = ({ reason, message }: client.EventSourceError) => {
    if (reason === "network-error") resolve(message);
  };
  if (kind === "connect") {
    const events = tidings.connect(url, {
      ...options,
      onStateChange: (state) => {
        if (state.state === "reconnecting") onError(state.error);
      },
    });
    const loop = async () => {
      for await (const _ of events) onEvent();
    };
    loop();
  } else {
    const source = new tidings.EventSource(url, options);
    source.onmessage = onEvent;
    source.onerror = ({ error }) => error && onError(error);
  }
  const end = await promise;
  controller.abort();
  return end;
}
