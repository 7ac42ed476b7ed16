// Copyright 2026 the Tidings authors. MIT license.

/**
 * A headless Chromium, driven over the DevTools protocol with nothing but a
 * WebSocket.
 */

import {
  CHROMIUM_NAMES,
  removeProfile,
  startChromium,
} from "../../scripts/_chromium.ts";
import { within } from "../support/within.ts";

/** Milliseconds for a call: what a page evaluates may wait until a tab that hangs is replaced. */
const CALL_DEADLINE = 30_000;

/** Where Chromium is, `undefined` where there is none. */
export const CHROMIUM: string | undefined = await findChromium();

/**
 * Declares a test that gets a Chromium of its own. Without one on the machine it is
 * shown as ignored, with the reason.
 */
export function browserTest(
  name: string,
  test: (chromium: Chromium) => Promise<void>,
): void {
  Deno.test({
    name: CHROMIUM === undefined
      ? `${name} (no Chromium: none of ${
        CHROMIUM_NAMES.join(", ")
      } is on the PATH)`
      : name,
    ignore: CHROMIUM === undefined,
    fn: async () => {
      await using chromium = await Chromium.launch();
      await test(chromium);
    },
  });
}

/** A browser process, with a profile of its own. */
export class Chromium implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #profile: string;
  readonly #devTools: DevTools;

  constructor(
    process: Deno.ChildProcess,
    profile: string,
    devTools: DevTools,
  ) {
    this.#process = process;
    this.#profile = profile;
    this.#devTools = devTools;
  }

  /** Starts a browser. */
  static async launch(): Promise<Chromium> {
    if (CHROMIUM === undefined) throw new Error("There is no Chromium");
    const profile = await Deno.makeTempDir({ prefix: "tidings_chromium_" });
    const process = startChromium(CHROMIUM, profile, [
      "--remote-debugging-port=0",
      "about:blank",
    ]);
    try {
      const url = await readDevToolsUrl(profile);
      return new Chromium(process, profile, await DevTools.connect(url));
    } catch (error) {
      process.kill("SIGKILL");
      await process.status;
      throw error;
    }
  }

  /** Opens a page and waits until it is loaded. */
  async open(url: string): Promise<Page> {
    const { targetId } = await this.#devTools.send("Target.createTarget", {
      url: "about:blank",
    });
    const { sessionId } = await this.#devTools.send("Target.attachToTarget", {
      targetId,
      flatten: true,
    });
    const page = new Page(
      this.#devTools,
      String(sessionId),
      String(targetId),
    );
    await page.load(url);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#devTools.send("Browser.close");
    await this.#devTools.closed;
    await within("the end of Chromium", this.#process.status);
    await removeProfile(this.#profile);
  }
}

/** One page of the browser. */
export class Page {
  readonly #devTools: DevTools;
  readonly #sessionId: string;
  readonly #targetId: string;

  constructor(devTools: DevTools, sessionId: string, targetId: string) {
    this.#devTools = devTools;
    this.#sessionId = sessionId;
    this.#targetId = targetId;
  }

  /** Goes to an address and waits until the page is loaded. */
  async load(url: string): Promise<void> {
    const loaded = this.#devTools.once("Page.loadEventFired", this.#sessionId);
    await this.#send("Page.enable");
    const { errorText } = await this.#send("Page.navigate", { url });
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`);
    await within(`loading ${url}`, loaded);
  }

  /**
   * Runs a function in the page and waits for what it returns, which must survive
   * JSON, as the argument must. It sees nothing of the test but its argument.
   */
  async run<Argument, Result>(
    fn: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result> {
    const { result, exceptionDetails } = await this.#send("Runtime.evaluate", {
      expression: `(${fn})(${JSON.stringify(argument)})`,
      awaitPromise: true,
      returnByValue: true,
    }) as {
      result: { value: Result };
      exceptionDetails?: { exception?: { description?: string } };
    };
    if (exceptionDetails !== undefined) {
      throw new Error(
        `In the page: ${exceptionDetails.exception?.description}`,
      );
    }
    return result.value;
  }

  /** Presses and releases a key. */
  async press(key: string, text?: string): Promise<void> {
    const params = { key, code: key, text };
    await this.#send("Input.dispatchKeyEvent", { type: "keyDown", ...params });
    await this.#send("Input.dispatchKeyEvent", { type: "keyUp", ...params });
  }

  /** Goes back to the page before. */
  async goBack(): Promise<void> {
    const { currentIndex, entries } = await this.#send(
      "Page.getNavigationHistory",
    ) as { currentIndex: number; entries: { id: number }[] };
    const entryId = entries[currentIndex - 1]?.id;
    const shown = this.#devTools.once("Page.frameNavigated", this.#sessionId);
    await this.#send("Page.navigateToHistoryEntry", { entryId });
    await within("going back", shown);
  }

  /** Closes the page, as its user does. */
  async close(): Promise<void> {
    await this.#devTools.send("Target.closeTarget", {
      targetId: this.#targetId,
    });
  }

  /** Kills the process that the page is in. */
  async crash(): Promise<void> {
    const crashed = this.#devTools.once(
      "Inspector.targetCrashed",
      this.#sessionId,
    );
    await this.#send("Inspector.enable");
    // Whom it kills cannot answer.
    this.#send("Page.crash").catch(() => {});
    await within("the crash", crashed);
  }

  /** Freezes the page, as the browser does with one that was hidden for long. */
  async freeze(): Promise<void> {
    await this.#send("Page.setWebLifecycleState", { state: "frozen" });
  }

  /** Ends what `freeze()` began. */
  async resume(): Promise<void> {
    await this.#send("Page.setWebLifecycleState", { state: "active" });
  }

  /** Makes the page so wide, in a light or a dark scheme. */
  async emulate(
    width: number,
    height: number,
    scheme: "light" | "dark",
  ): Promise<void> {
    await this.#send("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await this.#send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  }

  /** Takes a picture of the page, as PNG. */
  async screenshot(): Promise<Uint8Array> {
    const { data } = await this.#send("Page.captureScreenshot");
    return Uint8Array.from(atob(String(data)), (c) => c.charCodeAt(0));
  }

  #send(
    method: string,
    params?: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    return this.#devTools.send(method, params, this.#sessionId);
  }
}

interface Call {
  resolve: (result: Record<string, unknown>) => void;
  reject: (error: Error) => void;
}

/** The protocol: numbered commands, their answers, and events. */
class DevTools {
  /** Fulfilled when the connection has ended. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #calls = new Map<number, Call>();
  readonly #listeners = new Map<string, () => void>();
  #lastId = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", () => {
        for (const { reject } of this.#calls.values()) {
          reject(new Error("Chromium has ended"));
        }
        resolve();
      });
    });
    socket.addEventListener("message", ({ data }) => this.#receive(data));
  }

  static async connect(url: string): Promise<DevTools> {
    const socket = new WebSocket(url);
    const devTools = new DevTools(socket);
    await within(
      "the connection to Chromium",
      new Promise<void>((resolve, reject) => {
        socket.addEventListener("open", () => resolve());
        socket.addEventListener("error", () => reject(new Error(url)));
      }),
    );
    return devTools;
  }

  send(
    method: string,
    params: Record<string, unknown> = {},
    sessionId?: string,
  ): Promise<Record<string, unknown>> {
    const id = ++this.#lastId;
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return within(
      method,
      new Promise((resolve, reject) => {
        this.#calls.set(id, { resolve, reject });
      }),
      CALL_DEADLINE,
    );
  }

  /** Waits for the next event of this kind. */
  once(method: string, sessionId: string): Promise<void> {
    return new Promise((resolve) => {
      this.#listeners.set(`${sessionId} ${method}`, resolve);
    });
  }

  #receive(data: string): void {
    const { id, method, sessionId, result, error } = JSON.parse(data);
    if (id === undefined) {
      const key = `${sessionId} ${method}`;
      this.#listeners.get(key)?.();
      this.#listeners.delete(key);
      return;
    }
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error.message));
  }
}

async function findChromium(): Promise<string | undefined> {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  for (const name of CHROMIUM_NAMES) {
    for (const folder of folders) {
      try {
        const path = `${folder}/${name}`;
        if ((await Deno.stat(path)).isFile) return path;
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }
  return undefined;
}

/** Chromium writes the port and the path into this file once it listens. */
async function readDevToolsUrl(profile: string): Promise<string> {
  for (let attempt = 0; attempt < 400; attempt++) {
    try {
      const text = await Deno.readTextFile(`${profile}/DevToolsActivePort`);
      const [port, path] = text.split("\n");
      if (port && path) return `ws://127.0.0.1:${port}${path}`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("Chromium does not listen");
}
