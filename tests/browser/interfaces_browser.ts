// Copyright 2026 the Tidings authors. MIT license.

/** The recipes of `docs/interfaces.md` in a page, with the frameworks from npm. */

import { assert, assertEquals } from "@std/assert";
import { ServerSentEventGenerator } from "npm:@starfederation/datastar-sdk@1.0.0/web";
import { EventChannel } from "../../channel.ts";
import { readEvents } from "../../parser.ts";
import { installPackage } from "../../scripts/_install_package.ts";
import { browserTest, type Page } from "./_browser.ts";
import { bundleRecipe, RECIPES } from "./_recipes.ts";

/** The recipes that show the data of each event. */
const SHOWING = ["plain", "react", "store", "vue", "svelte", "solid", "htmx"];
/** React looks there whether it is to check what StrictMode checks. */
const PRELUDE = "process = { env: { NODE_ENV: 'development' } };";
const TEXTS = ["first", "tea & <b>biscuits</b>", "third"] as const;

/** What the tests use of a page. */
interface PageGlobals {
  document: {
    querySelectorAll(selector: string): Iterable<PageElement>;
    querySelector(selector: string): PageElement | null;
  };
  leave?: () => void;
}

interface PageElement {
  textContent: string;
  remove(): void;
}

/** The function that the page prints for Datastar. */
const makeFragment = new Function(
  "html",
  /^function patchElements\(html: string\) ({[^]*?^})$/m
    .exec(await Deno.readTextFile("docs/interfaces.md"))?.[1] ?? "",
) as (html: string) => { event: string; data: string };

/** A site with the page of a recipe, whose stream the test has in its hands. */
class Site implements AsyncDisposable {
  readonly channel = new EventChannel({ retry: 10 });
  /** What a query asks for. */
  readonly orders = ["tea"];
  /** How many streams have been opened. */
  opened = 0;
  #connections = new AbortController();
  readonly #files: Map<string, string>;
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#answer(request),
  );

  private constructor(files: Map<string, string>) {
    this.#files = files;
  }

  /** Serves the page of a recipe. */
  static async serve(name: string): Promise<Site> {
    const { code = "" } = RECIPES.get(name) ?? {};
    if (name === "htmx") {
      const folder = await installPackage({
        name: "htmx.org",
        version: "4.0.1",
      });
      const read = (file: string) => Deno.readTextFile(new URL(file, folder));
      return new Site(
        new Map([
          ["/", code],
          ["/htmx.js", await read("dist/htmx.js")],
          ["/hx-sse.js", await read("dist/ext/hx-sse.js")],
        ]),
      );
    }
    if (name === "datastar") {
      const folder = await installPackage({
        name: "@starfederation/datastar",
        version: "1.0.0-beta.11",
      });
      const file = new URL("dist/datastar.js", folder);
      return new Site(
        new Map([
          ["/", code.replace("data-init", "data-on-load")],
          ["/datastar.js", await Deno.readTextFile(file)],
        ]),
      );
    }
    const page = `<!doctype html><div id=app></div>
<script>${PRELUDE}</script><script type=module src=/main.js></script>`;
    return new Site(
      new Map([["/", page], ["/main.js", await bundleRecipe(name)]]),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  /** Ends all streams: their clients connect again. */
  dropConnections(): void {
    this.#connections.abort();
    this.#connections = new AbortController();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.channel.close();
    await this.#server.shutdown();
  }

  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    if (pathname === "/events") {
      if (request.method === "GET") this.opened++;
      const { signal } = this.#connections;
      return this.channel.serve(request, { signal });
    }
    if (pathname === "/orders") return Response.json(this.orders);
    const text = this.#files.get(pathname);
    if (text === undefined) return new Response(null, { status: 404 });
    const type = pathname === "/" ? "text/html" : "text/javascript";
    return new Response(text, { headers: { "content-type": type } });
  }
}

/** Waits until a condition holds, for at most 10 seconds. */
async function until(
  what: string,
  isReached: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!await isReached()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Waits until the page shows these texts in its list, and no others. */
async function shows(page: Page, texts: readonly string[]): Promise<void> {
  let shown: string[] = [];
  const read = async () => {
    shown = await page.run(() => {
      const { document } = globalThis as unknown as PageGlobals;
      const items = document.querySelectorAll("#app li");
      return [...items].map((item) => item.textContent);
    }, null);
    return JSON.stringify(shown) === JSON.stringify(texts);
  };
  await until(`${texts}`, read).catch(() => assertEquals(shown, texts));
}

/** Ends the recipe, or takes its element away. */
async function leave(page: Page): Promise<void> {
  await page.run(() => {
    const { document, leave } = globalThis as unknown as PageGlobals;
    if (leave !== undefined) leave();
    else document.querySelector("#app")?.remove();
  }, null);
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

for (const name of SHOWING) {
  browserTest(
    `browser: the recipe ${name} shows each event once, as text, and closes its stream`,
    async (browser) => {
      await using site = await Site.serve(name);
      const { channel } = site;
      const publish = (text: string) =>
        channel.publish({
          data: name === "htmx" ? `<li>${escapeHtml(text)}</li>` : text,
        });
      const page = await browser.open(site.url);
      // StrictMode has opened two, of which one is closed.
      await until("one stream", () => channel.size === 1);
      await publish(TEXTS[0]);
      await publish(TEXTS[1]);
      await shows(page, TEXTS.slice(0, 2));
      site.dropConnections();
      await publish(TEXTS[2]);
      await shows(page, TEXTS);
      if (name === "store") {
        const count = await page.run(() => {
          const { document } = globalThis as unknown as PageGlobals;
          return document.querySelector("#app p")?.textContent;
        }, null);
        assertEquals(count, "3 messages");
      }
      await leave(page);
      // htmx looks when an event comes.
      if (name === "htmx") await publish("fourth");
      await until("no stream", () => channel.size === 0);
      await page.close();
    },
    { browsers: ["chromium"] },
  );
}

browserTest(
  "browser: the recipe query asks again for what has changed, also after a lost connection",
  async (browser) => {
    await using site = await Site.serve("query");
    const page = await browser.open(site.url);
    await until("one stream", () => site.channel.size === 1);
    await shows(page, ["tea"]);
    site.orders.push("milk");
    await site.channel.publish({ json: ["orders"] });
    await shows(page, ["tea", "milk"]);
    site.orders.push("sugar");
    const { opened } = site;
    site.dropConnections();
    await until("a new stream", () => site.opened > opened);
    await shows(page, ["tea", "milk", "sugar"]);
    await leave(page);
    await until("no stream", () => site.channel.size === 0);
    await page.close();
  },
  { browsers: ["chromium"] },
);

browserTest(
  "browser: the recipe datastar replaces the element with the same ID",
  async (browser) => {
    await using site = await Site.serve("datastar");
    const page = await browser.open(site.url);
    await until("one stream", () => site.channel.size === 1);
    for (const texts of [["first"], TEXTS]) {
      const items = texts.map((text) => `<li>${escapeHtml(text)}</li>`);
      const { data } = makeFragment(
        `<ul id="app">\n${items.join("\n")}\n</ul>`,
      );
      // As the page says of what is before 1.0.
      await site.channel.publish({
        event: "datastar-merge-fragments",
        data: data.replaceAll(/^elements /gm, "fragments "),
      });
      await shows(page, texts);
    }
    await page.close();
  },
  { browsers: ["chromium"] },
);

Deno.test("docs: the recipe for Datastar sends what Datastar's own SDK sends", async () => {
  const html = '<ul id="app">\n<li>Tea</li>\n</ul>';
  const response = ServerSentEventGenerator.stream((generator) => {
    generator.patchElements(html);
  });
  const { value } = await readEvents(response).next();
  assertEquals({ event: value?.event, data: value?.data }, makeFragment(html));
});

Deno.test("docs: each recipe of the page on user interfaces is run", () => {
  assertEquals(
    [...RECIPES.keys()].sort(),
    [...SHOWING, "query", "datastar"].sort(),
  );
  for (const [name, { code }] of RECIPES) {
    assert(code.includes("/events"), name);
  }
});
