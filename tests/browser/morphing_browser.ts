// Copyright 2026 the Tidings authors. MIT license.

/**
 * The pages of `examples/datastar.ts` and `examples/htmx.ts`, with the clients that npm
 * has.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import {
  installPackage,
  type NpmPackage,
} from "../../scripts/_install_package.ts";
import { ExampleProcess } from "../support/example_process.ts";
import { within } from "../support/within.ts";
import { browserTest, type Page } from "./_browser.ts";

/** The part of a document that the tests use. */
interface SeatsDocument {
  querySelector(selector: string): Seat | null;
  querySelectorAll(selector: string): ArrayLike<Seat>;
}

interface Seat {
  textContent: string;
  isKept?: boolean;
  click(): void;
}

/** The clients in the versions that the examples name. */
const CLIENTS: Record<string, NpmPackage> = {
  datastar: { name: "@starfederation/datastar", version: "1.0.0-beta.11" },
  htmx: { name: "htmx.org", version: "4.0.1" },
};

/** Serves the files of a package to pages of any origin. */
async function serveFiles(
  client: NpmPackage,
): Promise<Deno.HttpServer<Deno.NetAddr>> {
  const folder = await installPackage(client);
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const file = await Deno.readFile(new URL(`.${pathname}`, folder));
      return new Response(file, {
        headers: {
          "access-control-allow-origin": "*",
          "content-type": "text/javascript",
        },
      });
    },
  );
}

/** Waits until a seat has a text. */
function waitForSeat(page: Page, seat: number, text: string): Promise<void> {
  return within(
    `seat ${seat}`,
    page.run(async ([seat, text]) => {
      const { document } = globalThis as unknown as { document: SeatsDocument };
      const find = () => document.querySelector(`#seat-${seat}`)?.textContent;
      while (find() !== text) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }, [seat, text] as const),
  );
}

/** Clicks a seat. */
function click(page: Page, seat: number): Promise<void> {
  return page.run((seat) => {
    const { document } = globalThis as unknown as { document: SeatsDocument };
    document.querySelector(`#seat-${seat}`)!.click();
  }, seat);
}

for (const [name, client] of Object.entries(CLIENTS)) {
  browserTest(
    `browser: examples/${name}.ts morphs a page into what it and others change, by compressed frames`,
    async (browser) => {
      await using files = await serveFiles(client);
      await using example = await ExampleProcess.start([
        "run",
        "-N",
        `examples/${name}.ts`,
        `http://127.0.0.1:${files.addr.port}/dist`,
      ]);
      const text = await Deno.readTextFile(`examples/${name}.ts`);
      const { name: packageName, version } = client;
      assertEquals(text.includes(`/${packageName}@${version}/dist`), true);

      const page = await browser.open(example.url);
      await waitForSeat(page, 399, "399 free");
      await page.run(() => {
        const { document } = globalThis as unknown as {
          document: SeatsDocument;
        };
        document.querySelector("#seat-7")!.isKept = true;
      }, null);
      await click(page, 12);
      await waitForSeat(page, 12, "12 taken");
      for (const [seat, text] of [[13, "taken"], [12, "free"]] as const) {
        const url = `${example.url}seats/${seat}`;
        const response = await fetch(url, { method: "POST" });
        await response.body?.cancel();
        await waitForSeat(page, seat, `${seat} ${text}`);
      }
      const { count, isKept, coding } = await page.run(async () => {
        const { document } = globalThis as unknown as {
          document: SeatsDocument;
        };
        const response = await fetch("/events");
        await response.body!.cancel();
        return {
          count: document.querySelectorAll("button").length,
          isKept: document.querySelector("#seat-7")!.isKept,
          coding: response.headers.get("content-encoding"),
        };
      }, null);
      assertEquals({ count, isKept, coding }, {
        count: 400,
        // The element is the one that was there before.
        isKept: true,
        coding: "zstd",
      });
    },
    { browsers: ["chromium"] },
  );
}
