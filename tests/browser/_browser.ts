// Copyright 2026 the Tidings authors. MIT license.

/** Tests in real browsers. */

import type {
  Browser as PuppeteerBrowser,
  CDPSession,
  KeyInput,
  Page as PuppeteerPage,
} from "npm:puppeteer-core@25.16.0";
import {
  type BrowserName,
  findBrowser,
  launchBrowser,
} from "../../scripts/_browsers.ts";
import { WebKit } from "../../scripts/_webkit.ts";
import { WEBKIT_EXCEPTIONS } from "./_webkit_exceptions.ts";

export type { BrowserName };

/** What tests need of any browser's page. */
interface AnyPage {
  goto(url: string): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
  keyboard: { press(key: KeyInput): Promise<void> };
  goBack(): Promise<unknown>;
  bringToFront(): Promise<void>;
  setOfflineMode(isOffline: boolean): Promise<void>;
  close(): Promise<void>;
}

/** What tests need of any browser, or of a context in one. */
interface AnyBrowser {
  newPage(): Promise<AnyPage>;
  close(): Promise<void>;
}

/** `deno task test:webkit` sets it: the same tests in WebKit, and in no other browser. */
const IS_WEBKIT = Deno.env.get("TEST_WEBKIT") !== undefined;

/** Options for {@linkcode browserTest}. */
export interface BrowserTestOptions {
  /**
   * The browsers to run the test in. WebKit is one only for `deno task test:webkit`.
   *
   * @default {["chromium", "firefox", "webkit"]}
   */
  browsers?: readonly BrowserName[];
}

/**
 * Declares a test that gets a browser without any state, once for each browser. Without the
 * browser on the machine the test is ignored, with the reason in its name.
 */
export function browserTest(
  name: string,
  test: (browser: Browser) => Promise<void>,
  { browsers = ["chromium", "firefox", "webkit"] }: BrowserTestOptions = {},
): void {
  if (IS_WEBKIT) {
    const exception = WEBKIT_EXCEPTIONS[name];
    if (!browsers.includes("webkit")) return;
    return Deno.test({
      name: exception === undefined ? name : `${name} (${exception})`,
      ignore: exception !== undefined,
      fn: async () => {
        await using browser = await Browser.launch("webkit");
        await test(browser);
      },
    });
  }
  if (browsers.includes("chromium")) {
    Deno.test({
      ...describe(name, "chromium"),
      fn: async () => {
        await using browser = await Browser.launch("chromium");
        await test(browser);
      },
    });
  }
  if (browsers.includes("firefox")) {
    const firefox = shareFirefox();
    Deno.test({
      ...describe(`${name}, in Firefox`, "firefox"),
      // The connection to a browser that was there before the test counts as a leak.
      sanitizeOps: false,
      sanitizeResources: false,
      fn: async () => {
        await using browser = await firefox().withoutState();
        await test(browser);
      },
    });
  }
}

let sharedFirefox: Browser | undefined;
let isFirefoxShared = false;

/** One Firefox for all tests of a file: it takes seconds to start. */
function shareFirefox(): () => Browser {
  if (!isFirefoxShared && MISSING.firefox === undefined) {
    Deno.test.beforeAll(async () => {
      sharedFirefox = await Browser.launch("firefox");
    });
    Deno.test.afterAll(() => sharedFirefox?.[Symbol.asyncDispose]());
  }
  isFirefoxShared = true;
  // Cannot fail: the test is ignored where there is no Firefox.
  return () => sharedFirefox!;
}

function describe(
  name: string,
  browser: BrowserName,
): { name: string; ignore: boolean } {
  const missing = MISSING[browser];
  return missing === undefined
    ? { name, ignore: false }
    : { name: `${name} (${missing})`, ignore: true };
}

/** Why a browser cannot be used, `undefined` for one that can. */
const MISSING: Partial<Record<BrowserName, string | undefined>> = {
  chromium: await explainMissing("chromium"),
  firefox: await explainMissing("firefox"),
};

async function explainMissing(
  name: "chromium" | "firefox",
): Promise<string | undefined> {
  try {
    await findBrowser(name);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A browser, with cookies, storage and connections of its own. */
export class Browser implements AsyncDisposable {
  /** Which browser it is. */
  readonly name: BrowserName;
  readonly #browser: AnyBrowser;
  readonly #pages: AnyBrowser;

  constructor(
    name: BrowserName,
    browser: AnyBrowser,
    pages: AnyBrowser = browser,
  ) {
    this.name = name;
    this.#browser = browser;
    this.#pages = pages;
  }

  /** Starts a browser. */
  static async launch(name: BrowserName): Promise<Browser> {
    return new Browser(
      name,
      name === "webkit" ? await WebKit.launch() : await launchBrowser(name),
    );
  }

  /** Gives a browser in the same process that shares no state with this one. */
  async withoutState(): Promise<Browser> {
    // Firefox alone is shared.
    const browser = this.#browser as PuppeteerBrowser;
    const context = await browser.createBrowserContext();
    return new Browser(this.name, this.#browser, context);
  }

  /** Opens a page and waits until it is loaded. */
  async open(url: string): Promise<Page> {
    const page = new Page(await this.#pages.newPage());
    await page.load(url);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pages.close();
  }
}

/** One page of the browser. */
export class Page {
  readonly #page: AnyPage;
  #session: CDPSession | undefined;

  constructor(page: AnyPage) {
    this.#page = page;
  }

  /** Goes to an address and waits until the page is loaded. */
  async load(url: string): Promise<void> {
    await this.#page.goto(url);
  }

  /**
   * Runs a function in the page and waits for what it returns, which must survive
   * JSON, as the argument must. It sees nothing of the test but its argument.
   */
  async run<Argument, Result>(
    fn: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result> {
    const expression = `(${fn})(${JSON.stringify(argument)})`;
    return await this.#page.evaluate(expression) as Result;
  }

  /** Presses and releases a key. */
  async press(key: KeyInput): Promise<void> {
    await this.#page.keyboard.press(key);
  }

  /** Goes back to the page before. */
  async goBack(): Promise<void> {
    await this.#page.goBack();
  }

  /** Shows the page, and so hides the one that was shown. */
  async show(): Promise<void> {
    await this.#page.bringToFront();
  }

  /** Takes its network away, or gives it back. Connections that are open stay. */
  async setOffline(isOffline: boolean): Promise<void> {
    await this.#page.setOfflineMode(isOffline);
  }

  /** Closes the page, as its user does. */
  async close(): Promise<void> {
    await this.#page.close();
  }

  /** Kills the process that the page is in. Chromium only. */
  async crash(): Promise<void> {
    const session = await this.#devTools();
    await session.send("Inspector.enable");
    const crashed = new Promise((resolve) =>
      session.once("Inspector.targetCrashed", resolve)
    );
    // The process that it kills cannot answer.
    session.send("Page.crash").catch(() => {});
    await crashed;
  }

  /** Freezes the page, as Chromium does with one that was hidden for long. Chromium only. */
  async freeze(): Promise<void> {
    const session = await this.#devTools();
    await session.send("Page.setWebLifecycleState", { state: "frozen" });
  }

  /** Ends what `freeze()` began. */
  async resume(): Promise<void> {
    const session = await this.#devTools();
    await session.send("Page.setWebLifecycleState", { state: "active" });
  }

  /** Sets the size of the page in pixels, and its color scheme. */
  async emulate(
    width: number,
    height: number,
    scheme: "light" | "dark",
  ): Promise<void> {
    const page = this.#page as PuppeteerPage;
    await page.setViewport({ width, height });
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: scheme },
    ]);
  }

  /** Takes a picture of the page, as PNG. */
  async screenshot(): Promise<Uint8Array> {
    return await (this.#page as PuppeteerPage).screenshot();
  }

  async #devTools(): Promise<CDPSession> {
    const page = this.#page as PuppeteerPage;
    return this.#session ??= await page.createCDPSession();
  }
}
