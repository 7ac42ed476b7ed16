// Copyright 2026 the Tidings authors. MIT license.

/**
 * The page of `examples/shared_list.ts` in two tabs.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ExampleProcess } from "../support/example_process.ts";
import { within } from "../support/within.ts";
import { browserTest, type Page } from "./_browser.ts";

/** The part of a document that the tests use. */
interface ListDocument {
  querySelectorAll(selector: string): Iterable<Element>;
  forms: Iterable<{ item: { value: string }; requestSubmit(): void }>;
}

interface Element {
  textContent: string;
  click(): void;
}

/** Waits until a page shows so many lines, the last of them this. */
function waitForLine(page: Page, count: number, last: string): Promise<void> {
  return within(
    "the line",
    page.run(async ([count, last]) => {
      const { document } = globalThis as unknown as { document: ListDocument };
      for (;;) {
        const lines = [...document.querySelectorAll("li")];
        const text = lines.at(-1)?.textContent;
        if (lines.length === count && text === last) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }, [count, last] as const),
  );
}

browserTest(
  "browser: examples/shared_list.ts shows in two tabs what either changes",
  async (browser) => {
    await using example = await ExampleProcess.start([
      "run",
      "-N",
      "examples/shared_list.ts",
    ]);
    const first = await browser.open(example.url);
    await waitForLine(first, 2, "☑ Milk");
    await first.run(() => {
      const { document } = globalThis as unknown as { document: ListDocument };
      for (const form of document.forms) {
        form.item.value = "<b>Cake</b>";
        form.requestSubmit();
      }
    }, null);
    await waitForLine(first, 3, "☐ <b>Cake</b>");
    // The second page has the change in its HTML, and gets the next one as an event.
    const second = await browser.open(example.url);
    await waitForLine(second, 3, "☐ <b>Cake</b>");
    await second.run(() => {
      const { document } = globalThis as unknown as { document: ListDocument };
      [...document.querySelectorAll("li")].at(-1)?.click();
    }, null);
    for (const page of [first, second]) {
      await waitForLine(page, 3, "☑ <b>Cake</b>");
    }
    assertEquals(await first.run(() => location.pathname, null), "/");
  },
);
