// Copyright 2026 the Tidings authors. MIT license.

/** The demo's answer, as somebody who reloads the page and restarts the server. */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { wordAt } from "../../demo/answer.ts";
import { Demo } from "../../demo/server.ts";
import { findLine, type Lines, linesOf } from "../support/process_lines.ts";
import { within } from "../support/within.ts";
import { browserTest, type Page } from "./_browser.ts";

interface Shown {
  state: string;
  received: number;
  reconnections: number;
  verdict: string;
  answer: string;
}

/** Looks until the page shows what is wanted, and gives what it shows then. */
async function lookUntil(
  page: Page,
  isThere: (shown: Shown) => boolean,
): Promise<Shown> {
  for (let attempt = 0;; attempt++) {
    const shown = await page.run(() => {
      const { document } = globalThis as unknown as {
        document: { getElementById(id: string): { textContent: string } };
      };
      const text = (id: string) => document.getElementById(id).textContent;
      return {
        state: text("state"),
        received: Number(text("received")),
        reconnections: Number(text("reconnections")),
        verdict: text("verdict"),
        answer: text("answer"),
      };
    }, null);
    if (isThere(shown)) return shown;
    assert(attempt < 400, JSON.stringify(shown));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function click(page: Page, id: string): Promise<void> {
  return page.run((id) => {
    const { document } = globalThis as unknown as {
      document: { getElementById(id: string): { click(): void } };
    };
    document.getElementById(id).click();
  }, id);
}

/** Stops the answer, and sees that each word has come once and in order. */
async function stopAndCheck(page: Page): Promise<void> {
  await click(page, "stop");
  const { received, verdict, answer } = await lookUntil(
    page,
    ({ state }) => state === "stopped",
  );
  assertEquals(verdict, "0 lost, 0 doubled");
  const words = Array.from({ length: received }, (_, number) => wordAt(number));
  assertEquals(answer.trim().split(" "), words);
}

async function withDirectory(
  test: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Starts the demo in a process of its own, and waits until it serves. */
async function startDemo(
  port: number,
  tmpdir: string,
): Promise<{ demo: Deno.ChildProcess; lines: Lines }> {
  const demo = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", "demo/main.ts", "--no-open", `--port=${port}`],
    env: { NO_COLOR: "1", TMPDIR: tmpdir, TEMP: tmpdir },
    stdout: "piped",
  }).spawn();
  const lines = linesOf(demo.stdout).getReader();
  await findLine(lines, /^The demo is at /);
  return { demo, lines };
}

async function kill(
  { demo, lines }: { demo: Deno.ChildProcess; lines: Lines },
): Promise<void> {
  demo.kill("SIGKILL");
  await lines.cancel();
  await within("the demo's end", demo.status);
}

browserTest(
  "demo: an answer goes on through a reload and a restart of the server",
  (browser) =>
    withDirectory(async (directory) => {
      const path = `${directory}/answer.kv`;
      let demo = new Demo(0, path);
      try {
        const { url } = demo;
        const page = await browser.open(`${url}answer`);
        await lookUntil(page, ({ state }) => state === "not started");
        await click(page, "start");
        await lookUntil(page, ({ received }) => received >= 8);

        await page.load(`${url}answer`);
        const reloaded = await lookUntil(
          page,
          ({ received }) => received >= 16,
        );
        assertEquals(reloaded.reconnections, 0);

        await demo.close();
        demo = new Demo(Number(new URL(url).port), path);
        const { received } = await lookUntil(
          page,
          ({ reconnections }) => reconnections === 1,
        );
        assertGreater(received, 8);
        await lookUntil(page, (shown) => shown.received > received + 8);
        await stopAndCheck(page);
      } finally {
        await demo.close();
      }
    }),
);

browserTest(
  "demo: an answer goes on after its server was killed",
  (browser) =>
    withDirectory(async (directory) => {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr;
      listener.close();
      let demo = await startDemo(port, directory);
      try {
        const page = await browser.open(`http://localhost:${port}/answer`);
        await lookUntil(page, ({ state }) => state === "not started");
        await click(page, "start");
        await lookUntil(page, ({ received }) => received >= 8);
        await kill(demo);
        demo = await startDemo(port, directory);
        const { received } = await lookUntil(
          page,
          ({ reconnections }) => reconnections === 1,
        );
        await lookUntil(page, (shown) => shown.received > received + 8);
        await stopAndCheck(page);
      } finally {
        await kill(demo);
      }
    }),
);

browserTest(
  "demo: the page of the answer fits small screens, in light and dark",
  async (browser) => {
    const demo = new Demo(0);
    try {
      const page = await browser.open(`${demo.url}answer`);
      await lookUntil(page, ({ state }) => state === "not started");
      await click(page, "start");
      await lookUntil(page, ({ received }) => received >= 30);
      for (const scheme of ["light", "dark"] as const) {
        for (const width of [320, 1000]) {
          await page.emulate(width, 600, scheme);
          const overflow = await page.run(() => {
            const { document, innerWidth } = globalThis as unknown as {
              document: { documentElement: { scrollWidth: number } };
              innerWidth: number;
            };
            return document.documentElement.scrollWidth - innerWidth;
          }, null);
          assertEquals(overflow <= 0, true, `${scheme}, ${width}`);
          const picture = await page.screenshot();
          assertGreater(picture.length, 10_000);
          const path = Deno.env.get("SCREENSHOTS");
          if (path !== undefined) {
            await Deno.writeFile(
              `${path}/answer-${scheme}-${width}.png`,
              picture,
            );
          }
        }
      }
    } finally {
      await demo.close();
    }
  },
  // Only the DevTools protocol sets the color scheme.
  { browsers: ["chromium"] },
);
