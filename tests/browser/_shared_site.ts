// Copyright 2026 the Tidings authors. MIT license.

/** A site whose pages and workers share a connection. */

import { EventChannel } from "../../channel.ts";
import { bundle } from "../../scripts/_bundle.ts";
import type { Chromium, Page } from "./_chromium.ts";
import type { Subscription } from "./_shared_page.ts";

const PAGE = "<!doctype html><script type=module src=/page.js></script>";
// It says what it has received once it is asked for it.
const WORKER = `
  import "/page.js";
  const subscription = new Subscription("/events");
  onmessage = async ({ data }) => postMessage(await subscription.receive(data));
`;

const script = await bundle("tests/browser/_shared_page.ts", {
  importMap: "tests/offline/import_map.json",
});

/** Serves the pages, and a channel at `/events`. */
export class SharedSite implements AsyncDisposable {
  readonly channel = new EventChannel({ retry: 20 });
  /** The `Last-Event-ID` of each request for the stream. */
  readonly requests: (string | null)[] = [];
  readonly #server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      // Connections break: nobody reads these answers.
      onError: () => new Response(null, { status: 400 }),
    },
    (request) => this.#answer(request),
  );

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** How many read the stream. */
  get connections(): number {
    return this.channel.size;
  }

  /** Opens a tab. */
  async open(chromium: Chromium): Promise<Tab> {
    return new Tab(await chromium.open(`${this.origin}/`));
  }

  /** Publishes the numbers up to, but not including, `end`. */
  async publish(
    begin: number,
    end: number,
    pause = 0,
  ): Promise<void> {
    for (let number = begin; number < end; number++) {
      await this.channel.publish({ data: `${number}` });
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.channel.close();
    await this.#server.shutdown();
  }

  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/events":
        this.requests.push(request.headers.get("last-event-id"));
        return this.channel.serve(request);
      case "/page.js":
        return file(script, "text/javascript");
      case "/worker.js":
        return file(WORKER, "text/javascript");
      case "/":
        return file(PAGE, "text/html");
    }
    return new Response(null, { status: 404 });
  }
}

/** One tab of the site. */
export class Tab {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Subscribes, and waits until it is open. */
  async subscribe(
    init: { key?: string } | "native" = {},
    url = "/events",
  ): Promise<void> {
    await this.page.run(async ({ url, init }) => {
      const globals = globalThis as unknown as PageGlobals;
      globals.subscription = new globals.Subscription(url, init);
      await globals.subscription.reach(1);
    }, { url, init });
  }

  /** Waits for a message, and gives the data of all that there were. */
  receive(data: string): Promise<string[]> {
    return this.page.run((data) => {
      const { subscription } = globalThis as unknown as PageGlobals;
      return subscription.receive(data);
    }, data);
  }

  /** Waits for a state, and gives the other events that there were. */
  reach(readyState: number): Promise<string[]> {
    return this.page.run((readyState) => {
      const { subscription } = globalThis as unknown as PageGlobals;
      return subscription.reach(readyState);
    }, readyState);
  }

  isHolder(): Promise<boolean> {
    return this.page.run(() => {
      const { subscription } = globalThis as unknown as PageGlobals;
      return subscription.isHolder;
    }, null);
  }

  unsubscribe(): Promise<void> {
    return this.page.run(() => {
      const { subscription } = globalThis as unknown as PageGlobals;
      subscription.source.close();
    }, null);
  }
}

/** Finds the tab that holds the connection; soon after another it may be none. */
export async function findHolder(tabs: Iterable<Tab>): Promise<Tab> {
  for (let attempt = 0; attempt < 500; attempt++) {
    for (const tab of tabs) if (await tab.isHolder()) return tab;
  }
  throw new Error("No tab holds the connection");
}

/** What `_shared_page.ts` puts on the page, and the tests with it. */
interface PageGlobals {
  Subscription: typeof Subscription;
  subscription: Subscription;
}

function file(text: string, type: string): Response {
  return new Response(text, { headers: { "content-type": type } });
}
