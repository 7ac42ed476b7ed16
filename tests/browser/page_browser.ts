// Copyright 2026 the Tidings authors. MIT license.

/** `followPage()` in pages that are hidden, frozen, left or without a network. */

import { assertEquals } from "@std/assert";
import { bundle } from "../../scripts/_bundle.ts";
import { type EventSession, serveEvents } from "../../server.ts";
import type { FollowPageOptions } from "../../page/mod.ts";
import { within } from "../support/within.ts";
import { type Browser, browserTest, type Page } from "./_browser.ts";
import type { Reader, ReaderKind } from "./_follow_page.ts";

const KINDS: readonly ReaderKind[] = [
  "connect",
  "EventSource",
  "SharedEventSource",
];

/** A reconnection time that no test lives to see the end of. */
const LONG = 600_000;

/** What `_follow_page.ts` puts on the page, and the tests with it. */
interface PageGlobals {
  Reader: typeof Reader;
  reader: Reader;
}

const script = await bundle("tests/browser/_follow_page.ts", {
  importMap: "tests/offline/import_map.json",
});

/** A site with a stream whose sessions the test has in its hands. */
class Site implements AsyncDisposable {
  /** The sessions of the stream, in their order. */
  readonly sessions: EventSession[] = [];
  #look: (() => void) | undefined;
  readonly #server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#answer(request),
  );

  get origin(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Waits for the session with this number. */
  async session(number: number): Promise<EventSession> {
    while (this.sessions.length <= number) {
      await within(
        `session ${number}`,
        new Promise<void>((resolve) => this.#look = resolve),
      );
    }
    return this.sessions[number]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.close();
    await this.#server.shutdown();
  }

  #answer(request: Request): Response {
    const { pathname } = new URL(request.url);
    if (pathname === "/events") {
      // A POST is answered like a GET.
      const { url, headers } = request;
      return serveEvents(new Request(url, { headers }), async (session) => {
        await session.send({ data: "hello", retry: LONG });
        this.sessions.push(session);
        this.#look?.();
      }, { keepAlive: 0 });
    }
    return pathname === "/page.js"
      ? new Response(script, { headers: { "content-type": "text/javascript" } })
      : new Response(
        "<!doctype html><script type=module src=/page.js></script>",
        { headers: { "content-type": "text/html" } },
      );
  }
}

/** A page that reads, and another one that hides it when it is shown. */
async function open(
  browser: Browser,
  site: Site,
  kind: ReaderKind,
  options: FollowPageOptions,
  body?: string,
): Promise<{ page: Page; other: Page }> {
  const other = await browser.open(`${site.origin}/other`);
  const page = await browser.open(`${site.origin}/`);
  await page.show();
  await page.run(({ kind, options, body }) => {
    const globals = globalThis as unknown as PageGlobals;
    const init = body === undefined ? {} : { body };
    globals.reader = new globals.Reader(kind, options, init);
  }, { kind, options, body });
  await site.session(0);
  await receive(page, "hello");
  return { page, other };
}

/** Waits for an event. */
async function receive(page: Page, data: string): Promise<string[]> {
  return await page.run(async (data) => {
    const { reader } = globalThis as unknown as PageGlobals;
    for (let i = 0; i < 1000 && !reader.data.includes(data); i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return reader.data;
  }, data);
}

/** Waits for a state of the reader. */
async function reach(page: Page, readyState: number): Promise<number> {
  return await page.run(async (readyState) => {
    const { source } = (globalThis as unknown as PageGlobals).reader;
    for (let i = 0; i < 1000 && source.readyState !== readyState; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return source.readyState;
  }, readyState);
}

/** Ways to leave a page and to come back. */
const WAYS: Record<string, (page: Page, other: Page) => Promise<void>> = {
  "is visible again": async (page, other) => {
    await other.show();
    await page.show();
  },
  "has a network again": async (page) => {
    await page.setOffline(true);
    await page.setOffline(false);
  },
};

for (const kind of KINDS) {
  for (const [way, leave] of Object.entries(WAYS)) {
    browserTest(
      `browser: followPage() ends the wait of ${kind} when the page ${way}`,
      async (browser) => {
        await using site = new Site();
        const { page, other } = await open(browser, site, kind, {});
        await site.sessions[0]!.send({ data: "last", id: 7 });
        site.sessions[0]!.close();
        assertEquals(await reach(page, EventSource.CONNECTING), 0);
        await leave(page, other);
        assertEquals((await site.session(1)).lastEventId, "7");
      },
    );

    browserTest(
      `browser: followPage() makes a silent connection of ${kind} again when the page ${way}`,
      async (browser) => {
        await using site = new Site();
        const { page, other } = await open(browser, site, kind, {
          staleAfter: 1,
        });
        await site.sessions[0]!.send({ data: "last", id: 7 });
        await receive(page, "last");
        await leave(page, other);
        assertEquals((await site.session(1)).lastEventId, "7");
        const why = await within("closed", site.sessions[0]!.closed);
        assertEquals(why, "client");
      },
    );

    browserTest(
      `browser: followPage() keeps a connection of ${kind} that was not silent when the page ${way}`,
      async (browser) => {
        await using site = new Site();
        const { page, other } = await open(browser, site, kind, {
          hidden: "stay",
          staleAfter: LONG,
        });
        await leave(page, other);
        // Longer than the time for what has arrived.
        await page.run(
          () => new Promise((done) => setTimeout(done, 300)),
          null,
        );
        await site.sessions[0]!.send({ data: "still" });
        assertEquals(await receive(page, "still"), ["hello", "still"]);
        assertEquals(site.sessions.length, 1);
      },
    );
  }

  browserTest(
    `browser: followPage() disconnects ${kind} of a hidden page, and resumes`,
    async (browser) => {
      await using site = new Site();
      const { page, other } = await open(browser, site, kind, {
        hidden: "disconnect",
      });
      await site.sessions[0]!.send({ data: "seen", id: 7 });
      await receive(page, "seen");
      await other.show();
      const why = await within("closed", site.sessions[0]!.closed);
      assertEquals(why, "client");
      assertEquals(await reach(page, EventSource.CONNECTING), 0);
      // A network alone brings no hidden page back.
      await page.setOffline(true);
      await page.setOffline(false);
      await page.run(() => new Promise((done) => setTimeout(done, 300)), null);
      assertEquals(site.sessions.length, 1);
      await page.show();
      const session = await site.session(1);
      assertEquals(session.lastEventId, "7");
      await session.send({ data: "missed" });
      assertEquals(
        await receive(page, "missed"),
        ["hello", "seen", "hello", "missed"],
      );
    },
  );

  browserTest(
    `browser: followPage() lets ${kind} go when it is stopped, and connects it`,
    async (browser) => {
      await using site = new Site();
      const { page, other } = await open(browser, site, kind, {
        hidden: "disconnect",
      });
      await other.show();
      await within("closed", site.sessions[0]!.closed);
      await page.run(() => {
        (globalThis as unknown as PageGlobals).reader.follower.stop();
      }, null);
      await site.session(1);
      await page.show();
      await other.show();
      await site.sessions[1]!.send({ data: "still" });
      await receive(page, "still");
      assertEquals(site.sessions.length, 2);
    },
  );

  browserTest(
    `browser: followPage() ends the wait of ${kind} when the page is no longer frozen`,
    async (browser) => {
      await using site = new Site();
      const { page } = await open(browser, site, kind, {});
      site.sessions[0]!.close();
      assertEquals(await reach(page, EventSource.CONNECTING), 0);
      await page.freeze();
      await page.resume();
      await site.session(1);
    },
    // Only Chromium freezes pages.
    { browsers: ["chromium"] },
  );

  browserTest(
    `browser: followPage() connects ${kind} of a page from the back/forward cache`,
    async (browser) => {
      await using site = new Site();
      const { page } = await open(browser, site, kind, {
        hidden: "disconnect",
      });
      await page.load(`${site.origin}/elsewhere`);
      await within("closed", site.sessions[0]!.closed);
      await page.goBack();
      await (await site.session(1)).send({ data: "back" });
      // It is the same page: its script has not run again.
      assertEquals(await receive(page, "back"), ["hello", "hello", "back"]);
    },
    // Firefox has no back/forward cache while puppeteer drives it.
    { browsers: ["chromium"] },
  );
}

browserTest(
  "browser: followPage() of a tab that follows ends the wait of the tab that leads",
  async (browser) => {
    await using site = new Site();
    const { page: leader, other } = await open(
      browser,
      site,
      "SharedEventSource",
      {},
    );
    await leader.run(() => {
      (globalThis as unknown as PageGlobals).reader.follower.stop();
    }, null);
    const follower = await browser.open(`${site.origin}/`);
    await follower.run(() => {
      const globals = globalThis as unknown as PageGlobals;
      globals.reader = new globals.Reader("SharedEventSource", {});
    }, null);
    assertEquals(await reach(follower, EventSource.OPEN), 1);
    site.sessions[0]!.close();
    assertEquals(await reach(follower, EventSource.CONNECTING), 0);
    await other.show();
    await follower.show();
    await site.session(1);
  },
);

browserTest(
  "browser: followPage() of a hidden tab leaves the connection to a visible one",
  async (browser) => {
    await using site = new Site();
    const { page: leader } = await open(browser, site, "SharedEventSource", {
      hidden: "disconnect",
    });
    const visible = await browser.open(`${site.origin}/`);
    await visible.run(() => {
      const globals = globalThis as unknown as PageGlobals;
      globals.reader = new globals.Reader("SharedEventSource", {
        hidden: "disconnect",
      });
    }, null);
    const session = await site.session(1);
    await session.send({ data: "missed", id: 8 });
    assertEquals((await receive(visible, "missed")).at(-1), "missed");
    await leader.show();
    await (await site.session(2)).send({ data: "back" });
    assertEquals((await receive(leader, "back")).at(-1), "back");
  },
);

browserTest(
  "browser: followPage() does not send a POST again",
  async (browser) => {
    await using site = new Site();
    const { page, other } = await open(
      browser,
      site,
      "connect",
      { hidden: "disconnect", staleAfter: 1 },
      "a question",
    );
    await other.show();
    await page.show();
    await page.run(() => new Promise((done) => setTimeout(done, 300)), null);
    await site.sessions[0]!.send({ data: "answer" });
    assertEquals(await receive(page, "answer"), ["hello", "answer"]);
    assertEquals(site.sessions.length, 1);
  },
);
