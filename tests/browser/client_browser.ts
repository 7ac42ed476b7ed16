// Copyright 2026 the Tidings authors. MIT license.

/** Our `EventSource` in a real browser, beside the browser's own and behind zone.js. */

import { assertEquals } from "@std/assert";
import { bundle } from "../../scripts/_bundle.ts";
import { eventStream } from "../support/event_server.ts";
import type * as client from "../../client.ts";
import { type Browser, browserTest, type Page } from "./_browser.ts";

declare const tidings: typeof client;

/** What zone.js puts on the page. */
declare const Zone: {
  current:
    & { name: string; fork(spec: { name: string }): typeof Zone.current }
    & {
      run<T>(fn: () => T): T;
    };
};

/** Serves a page with a script, and three events in one chunk at any other path. */
async function withPage(
  browser: Browser,
  module: string,
  head: string,
  test: (page: Page, origin: string) => Promise<void>,
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
      return eventStream("retry: 60000\ndata: a\n\ndata: b\n\ndata: c\n\n");
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
