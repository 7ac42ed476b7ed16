// Copyright 2026 the Tidings authors. MIT license.

/** The demo's answer, as somebody who reloads the page and restarts the server. */

import { assertEquals, assertGreater } from "@std/assert";
import { wordAt, WORDS } from "../../demo/answer.ts";
import { Demo } from "../../demo/server.ts";
import { findLine, type Lines, linesOf } from "../support/process_lines.ts";
import { within } from "../support/within.ts";
import { browserTest, type Page } from "./_browser.ts";
import { click, numberOf, textOf, untilNumber, untilText } from "./_demo.ts";

const NOT_ASKED = "not asked yet";

/** Waits until the page knows that there is no answer, and asks for one. */
async function ask(page: Page): Promise<void> {
  await untilText(page, "answer-state", (text) => text === NOT_ASKED);
  await click(page, "ask");
  await untilNumber(page, "words", 8);
}

/** Stops the answer, and sees that each word has come once and in order. */
async function stopAndCheck(page: Page): Promise<void> {
  await click(page, "stop");
  await untilText(page, "answer-state", (text) => text === "stopped");
  assertEquals(await textOf(page, "answer-verdict"), "0 lost, 0 doubled");
  const words = Array.from(
    { length: await numberOf(page, "words") },
    (_, number) => wordAt(number),
  );
  assertEquals(await textOf(page, "answer"), words.join(""));
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
        const page = await browser.open(url);
        await ask(page);

        await page.load(url);
        await untilNumber(page, "words", 16);
        assertEquals(await numberOf(page, "answer-reconnections"), 0);
        await untilText(
          page,
          "answer-message",
          (text) => /^[1-9]\d* words were there already/.test(text),
        );

        await demo.close();
        demo = new Demo(Number(new URL(url).port), path);
        await untilNumber(page, "answer-reconnections", 1);
        const words = await numberOf(page, "words");
        assertGreater(words, 8);
        await untilNumber(page, "words", words + 8);
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
        const page = await browser.open(`http://localhost:${port}/`);
        await ask(page);
        await kill(demo);
        demo = await startDemo(port, directory);
        await untilNumber(page, "answer-reconnections", 1);
        await untilNumber(page, "words", await numberOf(page, "words") + 8);
        await stopAndCheck(page);
      } finally {
        await kill(demo);
      }
    }),
);

Deno.test("demo: the answer is text of paragraphs that ends with a sentence", () => {
  const words = Array.from({ length: WORDS }, (_, number) => wordAt(number));
  const text = words.join("");
  assertGreater(text.split("\n\n").length, 3);
  assertEquals(text.at(-1), ".");
  assertEquals(wordAt(WORDS), "");
});
