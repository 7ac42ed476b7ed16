// Copyright 2026 the Tidings authors. MIT license.

/** A site whose pages and workers share a connection. */

import { EventChannel } from "../../channel.ts";
import { bundle } from "../../scripts/_bundle.ts";
import { within } from "../support/within.ts";
import type { Browser, Page } from "./_browser.ts";
import type { Subscription } from "./_shared_page.ts";

const PAGE = "<!doctype html><script type=module src=/page.js></script>";
// Subscribes, and reports what it receives.
const REPORTER = `
  import "/page.js";
  const { pathname, searchParams } = new URL(location);
  const { source } = new Subscription(searchParams.get("events"));
  const report = (text) =>
    fetch("/report", { method: "POST", body: pathname + " " + text });
  source.onopen = () => report("is open");
  source.onmessage = ({ data }) => report("has " + data);
`;
const FRAME = `<!doctype html><script type=module>${REPORTER}</script>`;

const script = await bundle("tests/browser/_shared_page.ts", {
  importMap: "tests/offline/import_map.json",
});

/** Serves the pages, and a channel at `/events`. */
export class SharedSite implements AsyncDisposable {
  readonly channel = new EventChannel({ retry: 20 });
  /** The `Last-Event-ID` of each request for the stream. */
  readonly requests: (string | null)[] = [];
  /** What workers and frames have reported, and `"hangs"` once a page does. */
  readonly reports = new Set<string>();
  // Tells what waits for a report that there is one.
  #look: (() => void) | undefined;
  #hanging = Promise.withResolvers<void>();
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

  /** Waits until all of these were reported. */
  async reported(...reports: string[]): Promise<void> {
    while (!reports.every((report) => this.reports.has(report))) {
      await within(
        `reports ${reports}`,
        new Promise<void>((resolve) => this.#look = resolve),
        // A tab that hangs is replaced after 10 to 15 seconds.
        30_000,
      );
    }
  }

  /** Opens a tab. */
  async open(browser: Browser): Promise<Tab> {
    return new Tab(await browser.open(`${this.origin}/`));
  }

  /** Answers the requests for `/hang`. */
  answerHanging(): void {
    this.#hanging.resolve();
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

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case "/events":
        if (request.method === "GET") {
          this.requests.push(request.headers.get("last-event-id"));
        }
        return this.channel.serve(request, { cors: {} });
      case "/report":
        this.reports.add(await request.text());
        this.#look?.();
        return new Response(null, { status: 204 });
      case "/hang":
        this.reports.add("hangs");
        this.#look?.();
        await this.#hanging.promise;
        return new Response(null, { status: 204 });
      case "/page.js":
        return file(script, "text/javascript");
      case "/worker":
        return file(REPORTER, "text/javascript");
      case "/frame":
        return file(FRAME, "text/html");
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

  /**
   * Starts a worker, or puts a frame into the page, perhaps one in a sandbox; they
   * report to the site.
   */
  async add(kind: "worker" | "frame" | "sandbox", url: string): Promise<void> {
    await this.page.run(({ kind, url }) => {
      if (kind === "worker") {
        new Worker(url, { type: "module" });
      } else {
        const { document } = globalThis as unknown as PageGlobals;
        const frame = document.createElement("iframe");
        if (kind === "sandbox") frame.sandbox = "allow-scripts";
        frame.src = url;
        document.body.append(frame);
      }
    }, { kind, url });
  }

  /** Blocks the page, to the end of a request that is not answered. */
  hang(): Promise<void> {
    return this.page.run(() => {
      const { XMLHttpRequest } = globalThis as unknown as PageGlobals;
      const request = new XMLHttpRequest();
      request.open("GET", "/hang", false);
      request.send();
    }, null);
  }

  isLeader(): Promise<boolean> {
    return this.page.run(() => {
      const { subscription } = globalThis as unknown as PageGlobals;
      return subscription.isLeader;
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
export async function findLeader(tabs: Iterable<Tab>): Promise<Tab> {
  for (let attempt = 0; attempt < 500; attempt++) {
    for (const tab of tabs) if (await tab.isLeader()) return tab;
  }
  throw new Error("No tab holds the connection");
}

/** What `_shared_page.ts` puts on the page, and the tests with it. */
interface PageGlobals {
  Subscription: typeof Subscription;
  subscription: Subscription;
  document: {
    body: { append(element: unknown): void };
    createElement(name: string): { src: string; sandbox: string };
  };
  XMLHttpRequest: new () => {
    open(method: string, url: string, isAsync: boolean): void;
    send(): void;
  };
}

function file(text: string, type: string): Response {
  return new Response(text, {
    // For the frames, some of which have no origin.
    headers: { "content-type": type, "access-control-allow-origin": "*" },
  });
}
