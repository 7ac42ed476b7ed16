// Copyright 2026 the Tidings authors. MIT license.

/** The demo, as somebody who looks at it and disturbs it. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Demo } from "../../demo/server.ts";
import { installPackage } from "../../scripts/_install_package.ts";
import { browserTest, type Page } from "./_browser.ts";
import {
  click,
  numberOf,
  overflowOf,
  tabTo,
  textOf,
  untilNumber,
  untilText,
  withDemo,
} from "./_demo.ts";

const RIGHT = "0 lost, 0 doubled";

browserTest(
  "demo: no event is lost or doubled when the connection drops, which the page says in words",
  (browser) =>
    withDemo(async (url) => {
      const page = await browser.open(url);
      await untilNumber(page, "received", 3);
      assertEquals(await textOf(page, "state"), "open");

      await tabTo(page, "drop");
      await page.press("Enter");
      await untilNumber(page, "reconnections", 1);
      await untilText(
        page,
        "live-message",
        (text) =>
          /^Resumed after event #\d+: [1-9]\d* caught up, 0 lost, 0 doubled\.$/
            .test(text),
      );
      const received = await numberOf(page, "received");
      await untilNumber(page, "received", received + 4);

      assertEquals(await textOf(page, "verdict"), RIGHT);
      const { size } = await (await fetch(`${url}state`)).json();
      assertEquals(size, 1);
    }),
);

browserTest(
  "demo: all tabs have one connection, show which one holds it, and begin with their charts drawn",
  (browser) =>
    withDemo(async (url) => {
      const first = await browser.open(url);
      await untilNumber(first, "received", 4);
      const second = await browser.open(url);
      assert(await countPoints(second) >= 4);
      await untilNumber(second, "received", 1);
      assertEquals(await textOf(first, "leader"), "held by this tab");
      assertEquals(await textOf(second, "leader"), "held by another tab");
      const { size } = await (await fetch(`${url}state`)).json();
      assertEquals(size, 1);

      await first.close();
      const received = await numberOf(second, "received");
      await untilNumber(second, "received", received + 4);
      assertEquals(await textOf(second, "leader"), "held by this tab");
      assertEquals(await textOf(second, "verdict"), RIGHT);
    }),
);

/** Points of the line in the first chart. */
function countPoints(page: Page): Promise<number> {
  return page.run(() => {
    const { document } = globalThis as unknown as {
      document: {
        querySelector(query: string): { getAttribute(name: string): string };
      };
    };
    const line = document.querySelector("#cpu .line").getAttribute("d") ?? "";
    return line.split("L").length;
  }, null);
}

browserTest(
  "demo: a slow reader falls behind and loses nothing",
  (browser) =>
    withDemo(async (url) => {
      const page = await browser.open(url);
      await untilNumber(page, "received", 1);
      await tabTo(page, "slow");
      await page.press(" ");

      await untilText(
        page,
        "slow-state",
        (text) => /[2-9] read, 0 lost, [1-9]/.test(text),
      );
    }),
);

browserTest(
  "demo: compression saves most of the bytes, and no event is lost when it is switched on",
  (browser) =>
    withDemo(async (url) => {
      const page = await browser.open(url);
      await untilNumber(page, "received", 1);
      await tabTo(page, "gzip");
      await page.press(" ");

      await untilText(
        page,
        "gzip-state",
        (text) => /: [5-9]\d % saved$/.test(text),
      );

      assertEquals(await textOf(page, "verdict"), RIGHT);
      assertEquals(await numberOf(page, "reconnections"), 1);
    }),
);

browserTest(
  "demo: a restarted server is not taken for one that repeats itself",
  async (browser) => {
    const first = new Demo(0);
    const port = Number(new URL(first.url).port);
    const page = await browser.open(first.url);
    await untilNumber(page, "received", 4);
    await first.close();
    const second = new Demo(port);
    try {
      await untilNumber(page, "reconnections", 1);
      const received = await numberOf(page, "received");
      await untilNumber(page, "received", received + 4);
      assertEquals(await textOf(page, "verdict"), RIGHT);
      assertMatch(
        await textOf(page, "live-message"),
        /^The server was started again/,
      );
    } finally {
      await second.close();
    }
  },
);

browserTest(
  "demo: charts of a server that is gone say how old they are",
  async (browser) => {
    const demo = new Demo(0);
    let page: Page;
    try {
      page = await browser.open(demo.url);
      await untilNumber(page, "received", 1);
    } finally {
      await demo.close();
    }
    await page.run(() => {
      const { document } = globalThis as unknown as {
        document: { querySelector(query: string): { id: string } };
      };
      document.querySelector("#cpu .age").id = "age";
    }, null);
    await untilText(page, "age", (text) => /^\d+ s ago$/.test(text));
    assertEquals(await textOf(page, "state"), "reconnecting");
  },
);

browserTest(
  "demo: two tabs chat in one room, and a newcomer gets what was said",
  (browser) =>
    withDemo(async (url) => {
      const first = await browser.open(url);
      await say(first, "Is anybody <here>?");
      await untilText(first, "messages", (text) => text !== "");
      const second = await browser.open(url);
      await untilText(second, "messages", (text) => text !== "");
      await say(second, "Yes.");

      // The browser disconnects the tab that is hidden: it catches up when it is shown.
      await first.show();
      for (const page of [first, second]) {
        await page.show();
        await untilText(
          page,
          "messages",
          (text) => text === "Is anybody <here>?Yes.",
        );
      }

      await second.run(() => {
        const { document } = globalThis as unknown as {
          document: { querySelector(query: string): { click(): void } };
        };
        document.querySelector("input[value=coffee]").click();
      }, null);
      await untilText(second, "messages", (text) => text === "");
    }),
);

function say(page: Page, text: string): Promise<void> {
  return page.run((text) => {
    const { document } = globalThis as unknown as {
      document: {
        getElementById(id: string): { value: string; requestSubmit(): void };
      };
    };
    document.getElementById("text").value = text;
    document.getElementById("room-form").requestSubmit();
  }, text);
}

Deno.test("demo: the code of each part is the source of the demo, from the server to the page", () =>
  withDemo(async (url) => {
    for (const part of ["live", "answer", "rooms"]) {
      const code = await (await fetch(`${url}code?part=${part}`)).text();
      const files = code.split(/^\/\/ (demo\/\w+\.[tj]s)$/m).slice(1);
      assertEquals(files.length, 4, part);
      for (let i = 0; i < files.length; i += 2) {
        const source = await Deno.readTextFile(files[i]!);
        const shown = files[i + 1]!.trim();
        assert(shown.length > 200, part);
        assert(source.includes(shown), `${part}: ${files[i]}`);
      }
    }
  }));

Deno.test("demo: its links lead to the guides, and nowhere else on this machine", () =>
  withDemo(async (url) => {
    const page = await (await fetch(url)).text();
    const links = [...page.matchAll(/<a href="([^"]+)"/g)].map(([, link]) =>
      link!
    );
    assert(links.length >= 4);
    const others = ["docs/nothing.md", "docs/..%2Fdeno.json", "deno.json"];
    for (const link of [...links, ...others, "code?part=constructor"]) {
      const response = await fetch(url + link);
      await response.body?.cancel();
      assertEquals(response.status, links.includes(link) ? 200 : 404, link);
    }
  }));

browserTest(
  "demo: each chart has a scale with a unit",
  (browser) =>
    withDemo(async (url) => {
      const page = await browser.open(url);
      await untilNumber(page, "received", 1);
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
  "demo: the page fits small screens, and axe-core finds nothing, in light and dark",
  (browser) =>
    withDemo(async (url) => {
      const axe = await Deno.readTextFile(
        new URL(
          "axe.min.js",
          await installPackage({ name: "axe-core", version: "4.14.1" }),
        ),
      );
      const page = await browser.open(url);
      await untilNumber(page, "received", 3);
      await click(page, "ask");
      await untilNumber(page, "words", 10);
      await page.run((axe) => {
        const { document } = globalThis as unknown as {
          document: {
            querySelectorAll(query: string): Iterable<{ open: boolean }>;
          };
        };
        for (const details of document.querySelectorAll("details")) {
          details.open = true;
        }
        (0, eval)(axe);
      }, axe);
      for (const scheme of ["light", "dark"] as const) {
        for (const width of [320, 1000]) {
          await page.emulate(width, 900, scheme);
          assert(await overflowOf(page) <= 0, `${scheme}, ${width}`);
          assertEquals(await findViolations(page), [], `${scheme}, ${width}`);
          const path = Deno.env.get("SCREENSHOTS");
          if (path !== undefined) {
            await Deno.writeFile(
              `${path}/demo-${scheme}-${width}.png`,
              await page.screenshot(),
            );
          }
        }
      }
      // As before the code has come.
      await page.run(() => {
        const { document } = globalThis as unknown as {
          document: {
            querySelectorAll(query: string): Iterable<{ textContent: string }>;
          };
        };
        for (const code of document.querySelectorAll("pre code")) {
          code.textContent = "";
        }
      }, null);
      assertEquals(await findViolations(page), [], "without the code");
    }),
  // Only the DevTools protocol sets the color scheme.
  { browsers: ["chromium"] },
);

/** What axe-core finds: the rule and the elements. */
function findViolations(page: Page): Promise<string[]> {
  return page.run(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(): Promise<
          { violations: { id: string; nodes: { html: string }[] }[] }
        >;
      };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) =>
      `${id}: ${nodes.map(({ html }) => html).join(" ")}`
    );
  }, null);
}
