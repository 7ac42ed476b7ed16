// Copyright 2026 the Tidings authors. MIT license.

/** The demo, as somebody who looks at it and disturbs it. */

import { assert, assertEquals, assertGreater, assertMatch } from "@std/assert";
import { Demo } from "../../demo/server.ts";
import { browserTest, type Page } from "./_browser.ts";

interface Shown {
  state: string;
  leader: string;
  received: number;
  reconnections: number;
  verdict: string;
  log: number;
  slowReader: string;
  compression: string;
}

/** What the page shows. */
function look(page: Page): Promise<Shown> {
  return page.run(() => {
    const { document } = globalThis as unknown as {
      document: {
        getElementById(id: string): {
          textContent: string;
          childElementCount: number;
        };
      };
    };
    const text = (id: string) => document.getElementById(id).textContent;
    return {
      state: text("state"),
      leader: text("leader"),
      received: Number(text("received")),
      reconnections: Number(text("reconnections")),
      verdict: text("verdict"),
      log: document.getElementById("log").childElementCount,
      slowReader: text("slow-state"),
      compression: text("gzip-state"),
    };
  }, null);
}

/** Looks until the page shows what is wanted, and gives what it shows then. */
async function lookUntil(
  page: Page,
  isThere: (shown: Shown) => boolean,
): Promise<Shown> {
  let shown = await look(page);
  for (let attempt = 0; attempt < 400 && !isThere(shown); attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    shown = await look(page);
  }
  assert(isThere(shown), JSON.stringify(shown));
  return shown;
}

async function withDemo(
  page: (url: string) => Promise<void>,
): Promise<void> {
  const demo = new Demo(0);
  try {
    await page(demo.url);
  } finally {
    await demo.close();
  }
}

browserTest(
  "demo: no event is lost or doubled when the connection drops",
  (browser) =>
    withDemo(async (url) => {
      const page = await browser.open(url);
      const before = await lookUntil(page, ({ received }) => received >= 3);
      assertEquals(before.state, "open");

      // By keyboard alone: the button is the first thing that takes the focus.
      await page.press("Tab");
      await page.press("Enter");
      const dropped = await lookUntil(
        page,
        ({ reconnections }) => reconnections === 1,
      );
      const after = await lookUntil(
        page,
        ({ received }) => received > dropped.received + 3,
      );

      assertEquals(after.verdict, "0 lost, 0 doubled");
      assertEquals(after.log, after.received);
    }),
);

browserTest(
  "demo: all tabs have one connection, and show which one holds it",
  (browser) =>
    withDemo(async (url) => {
      const first = await browser.open(url);
      const second = await browser.open(url);
      await lookUntil(second, ({ received }) => received >= 1);
      assertEquals((await look(first)).leader, "held by this tab");
      assertEquals(
        (await look(second)).leader,
        "held by another tab",
      );
      const { size } = await (await fetch(`${url}state`)).json();
      assertEquals(size, 1);

      await first.close();
      const { received } = await look(second);
      const shown = await lookUntil(
        second,
        (shown) => shown.received > received + 3,
      );
      assertEquals(shown.leader, "held by this tab");
      assertEquals(shown.verdict, "0 lost, 0 doubled");
    }),
);

browserTest(
  "demo: a slow reader falls behind and loses nothing",
  (browser) =>
    withDemo(async (url) => {
      const page = await browser.open(url);
      await lookUntil(page, ({ received }) => received >= 1);
      await page.press("Tab");
      await page.press("Tab");
      await page.press(" ");

      const { slowReader } = await lookUntil(
        page,
        ({ slowReader }) => /[2-9] read, 0 lost, [1-9]/.test(slowReader),
      );

      assertEquals(slowReader.includes("0 lost"), true);
    }),
);

browserTest(
  "demo: compression saves most of the bytes, and no event is lost when it is switched on",
  (browser) =>
    withDemo(async (url) => {
      const page = await browser.open(url);
      await lookUntil(page, ({ received }) => received >= 1);
      for (let i = 0; i < 3; i++) await page.press("Tab");
      await page.press(" ");

      const shown = await lookUntil(
        page,
        ({ compression }) => /: [5-9]\d % saved$/.test(compression),
      );

      assertEquals(shown.verdict, "0 lost, 0 doubled");
      assertEquals(shown.reconnections, 1);
    }),
);

browserTest(
  "demo: a restarted server is not taken for one that repeats itself",
  async (browser) => {
    const first = new Demo(0);
    const port = Number(new URL(first.url).port);
    const page = await browser.open(first.url);
    await lookUntil(page, ({ received }) => received >= 4);
    await first.close();
    const second = new Demo(port);
    try {
      const before = await lookUntil(
        page,
        ({ reconnections }) => reconnections === 1,
      );
      const after = await lookUntil(
        page,
        ({ received }) => received > before.received + 3,
      );
      assertEquals(after.verdict, "0 lost, 0 doubled");
    } finally {
      await second.close();
    }
  },
);

browserTest(
  "demo: each chart has a scale with a unit",
  (browser) =>
    withDemo(async (url) => {
      const page = await browser.open(url);
      await lookUntil(page, ({ received }) => received >= 1);
      const scales = await page.run(() => {
        const { document } = globalThis as unknown as {
          document: {
            querySelectorAll(query: string): Iterable<{ textContent: string }>;
          };
        };
        return [...document.querySelectorAll(".scale")]
          .map(({ textContent }) => textContent);
      }, null);
      const [cpu, memory, delay, resident] = scales;
      assertEquals([cpu, memory], ["0 to 100 %", "0 to 100 %"]);
      assertMatch(delay ?? "", /^0 to [125]0* ms$/);
      assertMatch(resident ?? "", /^0 to [125]0* MiB$/);
    }),
);

browserTest(
  "demo: the page fits small screens, in light and dark",
  (browser) =>
    withDemo(async (url) => {
      const page = await browser.open(url);
      await lookUntil(page, ({ received }) => received >= 3);
      const sizes: number[] = [];
      for (const scheme of ["light", "dark"] as const) {
        for (const width of [320, 1000]) {
          await page.emulate(width, 900, scheme);
          const overflow = await page.run(() => {
            const { document, innerWidth } = globalThis as unknown as {
              document: { documentElement: { scrollWidth: number } };
              innerWidth: number;
            };
            return document.documentElement.scrollWidth - innerWidth;
          }, null);
          assertEquals(overflow <= 0, true, `${scheme}, ${width}`);
          const picture = await page.screenshot();
          const path = Deno.env.get("SCREENSHOTS");
          if (path !== undefined) {
            await Deno.writeFile(
              `${path}/demo-${scheme}-${width}.png`,
              picture,
            );
          }
          sizes.push(picture.length);
        }
      }
      for (const size of sizes) assertGreater(size, 10_000);
    }),
  // Only the DevTools protocol sets the color scheme.
  { browsers: ["chromium"] },
);
