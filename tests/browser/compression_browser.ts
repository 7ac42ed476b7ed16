// Copyright 2026 the Tidings authors. MIT license.

/** The browsers' own `EventSource` and `fetch` as clients of compressed streams. */

import { assertEquals } from "@std/assert";
import { CODEC } from "../../_server/compression.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import { CODINGS } from "../compression/_codings.ts";
import { within } from "../support/within.ts";
import { browserTest, type Page } from "./_browser.ts";
import { withPage } from "./_page.ts";

/** Has the page read `/events`, and keep the data of what it gets. */
const READERS: Record<string, (page: Page) => Promise<void>> = {
  EventSource: (page) =>
    page.run(async (path) => {
      const received: string[] = [];
      Object.assign(globalThis, { received });
      const source = new EventSource(path);
      source.onmessage = ({ data }) => received.push(data);
      // The stream has ended, and this is no test of what comes then.
      source.onerror = () => {
        received.push("end");
        source.close();
      };
      await new Promise((resolve) => source.onopen = resolve);
    }, "/events"),
  fetch: (page) =>
    page.run(async (path) => {
      const received: string[] = [];
      Object.assign(globalThis, { received });
      const { body } = await fetch(path);
      const read = async () => {
        // By a reader: the streams of WebKit are no async iterables.
        const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
          const { done, value: text } = await reader.read();
          if (done) break;
          for (const [, data] of text.matchAll(/^data: (.*)$/gm)) {
            received.push(data!);
          }
        }
        received.push("end");
      };
      read();
    }, "/events"),
};

/** Waits until the page has received so much, and gives the latest. */
function receive(page: Page, count: number): Promise<string | undefined> {
  return page.run(async (count) => {
    const received: string[] = Reflect.get(globalThis, "received");
    while (received.length < count) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return received.at(-1);
  }, count);
}

for (const [name, read] of Object.entries(READERS)) {
  for (const coding of CODINGS) {
    browserTest(
      `browser: ${name} gets each event of a compressed stream before the next one is sent: ${coding.name}`,
      async (browser) => {
        const compression = coding.make();
        let session: EventSession | undefined;
        let acceptEncoding: string | null = null;
        const server = Deno.serve(
          { port: 0, hostname: "127.0.0.1", onListen() {} },
          withPage((request) => {
            acceptEncoding = request.headers.get("accept-encoding");
            return serveEvents(request, (opened) => {
              session = opened;
              session.comment("open");
            }, { compression });
          }),
        );
        const page = await browser.open(
          `http://127.0.0.1:${server.addr.port}/`,
        );
        await read(page);
        assertEquals(compression[CODEC].accepts(acceptEncoding), true);
        for (let id = 1; id <= 30; id++) {
          session?.send({ data: `the same again ${id}`, id });
          const data = await within("an event", receive(page, id));
          assertEquals(data, `the same again ${id}`);
        }
        session?.close();
        assertEquals(await within("the end", receive(page, 31)), "end");
        await within("shutdown()", server.shutdown());
      },
    );
  }
}
