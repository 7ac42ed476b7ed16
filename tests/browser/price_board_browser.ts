// Copyright 2026 the Tidings authors. MIT license.

/**
 * The page of `examples/price_board.ts`.
 *
 * @module
 */

import { ExampleProcess } from "../support/example_process.ts";
import { within } from "../support/within.ts";
import { browserTest } from "./_browser.ts";

/** The part of a document that the test uses. */
interface BoardDocument {
  querySelectorAll(selector: string): { length: number };
  querySelector(selector: string): { value: string };
}

browserTest(
  "browser: examples/price_board.ts shows each price, and goes on",
  async (browser) => {
    await using example = await ExampleProcess.start([
      "run",
      "-N",
      "examples/price_board.ts",
    ]);
    const page = await browser.open(example.url);
    await within(
      "the prices",
      page.run(async () => {
        const { document } = globalThis as unknown as {
          document: BoardDocument;
        };
        for (;;) {
          const rows = document.querySelectorAll("tr").length;
          const events = Number(document.querySelector("output").value);
          if (rows === 3 && events > 6) return;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }, null),
    );
  },
);
