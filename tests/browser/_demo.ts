// Copyright 2026 the Tidings authors. MIT license.

/** What the tests of the demo see and do. */

import { assert } from "@std/assert";
import { Demo } from "../../demo/server.ts";
import type { Page } from "./_browser.ts";

/** What the tests use of a page. */
interface DemoDocument {
  activeElement: { id: string };
  documentElement: { scrollWidth: number };
  getElementById(id: string): {
    textContent: string;
    childElementCount: number;
    click(): void;
  };
}

/** Serves a demo of its own while the test runs. */
export async function withDemo(
  test: (url: string) => Promise<void>,
): Promise<void> {
  const demo = new Demo(0);
  try {
    await test(demo.url);
  } finally {
    await demo.close();
  }
}

/** The text of an element. */
export function textOf(page: Page, id: string): Promise<string> {
  return page.run((id) => {
    const { document } = globalThis as unknown as { document: DemoDocument };
    return document.getElementById(id).textContent;
  }, id);
}

/** The number that is the text of an element. */
export async function numberOf(page: Page, id: string): Promise<number> {
  return Number(await textOf(page, id));
}

/** Waits until the text of an element is right, and gives it. */
export async function untilText(
  page: Page,
  id: string,
  isRight: (text: string) => boolean,
): Promise<string> {
  let text = await textOf(page, id);
  for (let attempt = 0; attempt < 400 && !isRight(text); attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    text = await textOf(page, id);
  }
  assert(isRight(text), `${id} is ${JSON.stringify(text)}`);
  return text;
}

/** Waits until an element shows a number of at least this, and gives it. */
export async function untilNumber(
  page: Page,
  id: string,
  least: number,
): Promise<number> {
  return Number(await untilText(page, id, (text) => Number(text) >= least));
}

/** Clicks an element. */
export function click(page: Page, id: string): Promise<void> {
  return page.run((id) => {
    const { document } = globalThis as unknown as { document: DemoDocument };
    document.getElementById(id).click();
  }, id);
}

/** Goes to an element with the Tab key, as somebody without a mouse does. */
export async function tabTo(page: Page, id: string): Promise<void> {
  for (let attempt = 0; attempt < 40; attempt++) {
    const active = await page.run(() => {
      const { document } = globalThis as unknown as { document: DemoDocument };
      return document.activeElement.id;
    }, null);
    if (active === id) return;
    await page.press("Tab");
  }
  assert(false, `Tab does not reach ${id}`);
}

/** Pixels by which the page is wider than its window. */
export function overflowOf(page: Page): Promise<number> {
  return page.run(() => {
    const { document, innerWidth } = globalThis as unknown as {
      document: DemoDocument;
      innerWidth: number;
    };
    return document.documentElement.scrollWidth - innerWidth;
  }, null);
}
