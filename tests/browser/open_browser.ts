// Copyright 2026 the Tidings authors. MIT license.

/**
 * Every kind of stream that has nothing to send yet is open at once: Firefox waits for the
 * first byte of a response.
 */

import { assertEquals } from "@std/assert";
import { EventChannel } from "../../channel.ts";
import { gzip } from "../../compression/mod.ts";
import { MemoryEventLog } from "../../log.ts";
import { EventRuns } from "../../runs/mod.ts";
import { bundle } from "../../scripts/_bundle.ts";
import { serveEvents } from "../../server.ts";
import { serveSocket } from "../../socket/server.ts";
import { browserTest } from "./_browser.ts";

/** A log that answers no read, as one whose engine hangs. */
class StalledLog extends MemoryEventLog {
  override read(): Promise<never> {
    return new Promise(() => {});
  }
}

/** Never gives a value, until it is aborted. */
// deno-lint-ignore require-yield -- it is one that only ends
async function* silence(signal: AbortSignal): AsyncGenerator<never> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

type Server = (request: Request) => Response | Promise<Response>;

/** The servers that are silent, until the signal is aborted. */
async function makeServers(
  signal: AbortSignal,
): Promise<Record<string, Server>> {
  const channel = new EventChannel();
  const replaying = new EventChannel();
  await replaying.publish({ data: "old" });
  const stalled = new EventChannel({ log: new StalledLog() });
  const compression = gzip();
  const compressing = new EventChannel({ compression });
  const runs = new EventRuns();
  await runs.start("run", () => silence(signal));
  signal.addEventListener("abort", () => {
    for (const each of [channel, replaying, stalled, compressing]) each.close();
    runs.close();
  });
  return {
    "serveEvents": (request) =>
      serveEvents(request, silence(signal), { signal }),
    "serveEvents, a function": (request) =>
      serveEvents(request, () => {}, { signal }),
    "serveEvents, compressed": (request) =>
      serveEvents(request, silence(signal), { signal, compression }),
    "channel": (request) => channel.serve(request),
    "channel, compressed": (request) => compressing.serve(request),
    "channel, replay": (request) => replaying.serve(request, { replay: "all" }),
    "channel, a stalled log": (request) =>
      stalled.serve(request, { replay: 5 }),
    "run": (request) => runs.serve("run", request),
  };
}

interface PageGlobals {
  CLASSES: Record<string, new (url: string) => EventTarget & { close(): void }>;
}

const script = await bundle("tests/browser/_open_page.ts", {
  importMap: "tests/offline/import_map.json",
});

browserTest(
  "browser: every kind of stream is open before it has anything to send",
  async (browser) => {
    const shutdown = new AbortController();
    const { signal } = shutdown;
    const servers = await makeServers(signal);
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      (request) => {
        const { pathname } = new URL(request.url);
        const name = decodeURIComponent(pathname.slice(1));
        if (name === "socket") {
          return serveSocket(request, () => {}, { signal });
        }
        const serve = servers[name];
        if (serve !== undefined) return serve(request);
        return name === "page.js"
          ? new Response(script, {
            headers: { "content-type": "text/javascript" },
          })
          : new Response(
            "<!doctype html><script type=module src=/page.js></script>",
            { headers: { "content-type": "text/html" } },
          );
      },
    );
    const page = await browser.open(`http://127.0.0.1:${server.addr.port}/`);
    const rows: [className: string, path: string][] = [
      "the browser's",
      "EventSource",
      "SharedEventSource",
    ].flatMap((name) =>
      Object.keys(servers).map((path): [string, string] => [name, path])
    );
    rows.push(["EventStreamSocket", "socket"]);
    for (const [className, path] of rows) {
      const first = await page.run(async ([className, path]) => {
        const { CLASSES } = globalThis as unknown as PageGlobals;
        const source = new CLASSES[className!]!(
          new URL(`/${encodeURIComponent(path!)}`, location.href).href,
        );
        const first = await new Promise<string>((resolve) => {
          for (const type of ["open", "error"]) {
            source.addEventListener(type, () => resolve(type));
          }
          // Less than the interval of keep-alives.
          setTimeout(() => resolve("neither"), 8000);
        });
        source.close();
        return first;
      }, [className, path]);
      assertEquals(first, "open", `${className}: ${path}`);
    }
    shutdown.abort();
    await page.close();
    await server.shutdown();
  },
);
