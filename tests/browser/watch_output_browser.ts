// Copyright 2026 the Tidings authors. MIT license.

/**
 * The page of `examples/watch_output.ts`, as a browser shows it.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ExampleProcess } from "../support/example_process.ts";
import { browserTest } from "./_browser.ts";

const PROGRAM = `
console.log("<b>bold</b> é");
console.error("it fails");
Deno.exit(3);
`;

browserTest(
  "browser: examples/watch_output.ts shows lines as text, and how the program ends",
  async (browser) => {
    const directory = await Deno.makeTempDir();
    const program = `${directory}/program.ts`;
    await Deno.writeTextFile(program, PROGRAM);
    {
      await using example = await ExampleProcess.start([
        "run",
        "-N",
        "--allow-run",
        "examples/watch_output.ts",
        Deno.execPath(),
        "run",
        "--no-config",
        program,
      ]);
      const page = await browser.open(example.url);
      const shown = await page.run(async () => {
        const { document } = globalThis as unknown as {
          document: {
            title: string;
            querySelectorAll(selector: string): Iterable<{
              className: string;
              textContent: string;
            }>;
          };
        };
        while (document.title === "Output") {
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        const lines = [...document.querySelectorAll("pre > *")];
        const texts = lines.map((line) => [line.className, line.textContent]);
        return { title: document.title, lines: texts.sort() };
      }, null);
      assertEquals(shown, {
        title: "Ended with 3",
        lines: [["stderr", "it fails\n"], ["stdout", "<b>bold</b> é\n"]],
      });
    }
    await Deno.remove(directory, { recursive: true });
  },
);
