// Copyright 2026 the Tidings authors. MIT license.

/** The `EventSource` of a real browser reads a run through a server that is killed. */

import { assertEquals } from "@std/assert";
import { ChaosServer } from "../chaos/_process.ts";
import { withServer } from "../support/raw_client.ts";
import { CHUNKS } from "../chaos/_runs_server.ts";
import { within } from "../support/within.ts";
import { browserTest } from "./_browser.ts";
import { withPage } from "./_page.ts";

browserTest(
  "browser: EventSource reads a run whole through a killed server",
  async (browser) => {
    const directory = await Deno.makeTempDir();
    const engine = { kv: `${directory}/kv.db` };
    const argument = { engine, notebook: `${directory}/notebook` };
    // One produces, and the other one, which is killed, is read.
    const [here, there] = ["", ""].map(() =>
      new ChaosServer("_runs_server.ts", argument)
    ) as [ChaosServer, ChaosServer];
    try {
      const ready = () => Promise.all([here.ready(), there.ready()]);
      await within("servers start", ready());
      const handler = () => new Response(null, { status: 404 });
      await withServer(withPage(handler), async (port) => {
        const page = await browser.open(`http://127.0.0.1:${port}/`);
        const started = await fetch(`${here.url}run`, { method: "POST" });
        await started.body?.cancel();
        await page.run(async (url) => {
          const source = new EventSource(url);
          const received: string[] = [];
          let opened = 0;
          source.onopen = () => opened++;
          source.onmessage = ({ data }) => received.push(data);
          source.addEventListener("end", ({ data }) => {
            source.close();
            received.push(data);
          });
          const report = () => ({ received, opened, state: source.readyState });
          Object.assign(globalThis, { report });
          while (received.length < 3) {
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }, `${there.url}run`);
        await there.restart();
        const { received, opened } = await within(
          "the run ends",
          page.run(async () => {
            const report = Reflect.get(globalThis, "report");
            while (report().state !== EventSource.CLOSED) {
              await new Promise((resolve) => setTimeout(resolve, 5));
            }
            return report() as { received: string[]; opened: number };
          }, null),
        );
        const [first = ""] = received;
        const producer = first.slice(0, first.indexOf(" "));
        const chunks = Array.from(
          { length: CHUNKS },
          (_, chunk) => `${producer} ${chunk}`,
        );
        assertEquals(received, [...chunks, "done"]);
        assertEquals(opened, 2);
      });
    } finally {
      await here.end();
      await there.end();
      await Deno.remove(directory, { recursive: true });
    }
  },
);
