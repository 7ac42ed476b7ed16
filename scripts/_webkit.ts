// Copyright 2026 the Tidings authors. MIT license.

/**
 * Starts WebKitGTK, as Debian has it, and speaks to it by WebDriver: MiniBrowser on a screen of
 * its own that nobody sees.
 *
 * @module
 */

/** What has to be there, and the package of Debian that has it. */
const PROGRAMS = [
  { program: "WebKitWebDriver", package: "webkit2gtk-driver" },
  { program: "Xvfb", package: "xvfb" },
];

/** Milliseconds until the driver listens. */
const START_TIME_LIMIT = 30_000;
/** Milliseconds for what a page is asked to do. */
const COMMAND_TIME_LIMIT = 30_000;
/** Milliseconds between two looks at what a page is doing. */
const POLL_INTERVAL = 20;

/** Where the window of a page is, in pixels. */
const WINDOW = { x: 0, y: 0, width: 1024, height: 768 };

/** The codes of keys that tests press, by their names. */
const KEYS: Record<string, string> = {
  " ": " ",
  Enter: "\ue007",
  Tab: "\ue004",
};

/**
 * Looks for what WebKit needs on the PATH, and installs it with `apt-get` where it may.
 *
 * @throws {Error} With the name of the package that is missing.
 */
export async function requireWebKit(): Promise<void> {
  const missing = [];
  for (const { program, package: name } of PROGRAMS) {
    if (!await isOnPath(program)) missing.push(name);
  }
  if (missing.length > 0) {
    if (Deno.uid() !== 0 || !await isOnPath("apt-get")) {
      throw new Error(
        `Cannot start WebKit: install ${missing.join(" and ")} first`,
      );
    }
    await install(missing);
  }
}

/** A version of WebKitGTK, such as `2.50.6`. */
export async function webKitVersion(): Promise<string> {
  await using webKit = await WebKit.launch();
  return webKit.version;
}

/** A page of {@linkcode WebKit}, with the methods of a page of `puppeteer-core`. */
export class WebKitPage {
  readonly #webKit: WebKit;
  readonly #handle: string;
  readonly keyboard = {
    press: async (key: string): Promise<void> => {
      const value = KEYS[key];
      if (value === undefined) throw new Error(`Cannot press ${key}`);
      const press = [{ type: "keyDown", value }, { type: "keyUp", value }];
      const actions = [{ type: "key", id: "keyboard", actions: press }];
      await this.#command("POST", "/actions", { actions });
    },
  };
  #runs = 0;

  constructor(webKit: WebKit, handle: string) {
    this.#webKit = webKit;
    this.#handle = handle;
  }

  /** Goes to an address and waits until the page is loaded. */
  async goto(url: string): Promise<void> {
    await this.#command("POST", "/url", { url });
    // In a new window, the command ends once the empty page is loaded.
    await this.#poll(
      `location.protocol !== "about:" && document.readyState === "complete"`,
    );
  }

  /** Evaluates an expression and waits for its value, which must survive JSON. */
  async evaluate(expression: string): Promise<unknown> {
    // Not by one command: a page may wait for what another one does, and the driver does one
    // command after the other.
    const key = `${this.#runs++}`;
    await this.#execute(
      `const runs = window.tidingsRuns ??= {};
      const end = (end) => runs[${key}] = JSON.stringify(end);
      (async () => ${expression})().then(
        (value) => end({ value }),
        (error) => end({ error: \`\${error}\\n\${error?.stack}\` }),
      );`,
    );
    const text = await this.#poll(`window.tidingsRuns?.[${key}]`);
    const { value, error } = JSON.parse(`${text}`);
    if (error === undefined) return value;
    throw new Error(error);
  }

  /** Goes back to the page before. */
  async goBack(): Promise<void> {
    await this.#command("POST", "/back", {});
  }

  /** Shows the page, and hides the one that was shown. */
  async bringToFront(): Promise<void> {
    const { shown } = this.#webKit;
    if (shown === this) return;
    this.#webKit.shown = this;
    if (shown) await shown.#command("POST", "/window/minimize", {});
    // It shows a window that was minimized.
    await this.#command("POST", "/window/rect", WINDOW);
  }

  /** @throws {Error} Always: WebDriver has no command for it. */
  setOfflineMode(): Promise<void> {
    return Promise.reject(new Error("WebKit cannot be set offline"));
  }

  /** Closes the page, as its user does. */
  async close(): Promise<void> {
    if (this.#webKit.shown === this) this.#webKit.shown = undefined;
    await this.#command("DELETE", "/window");
  }

  /** Waits until an expression is truthy, and gives its value. */
  async #poll(expression: string): Promise<unknown> {
    const deadline = Date.now() + COMMAND_TIME_LIMIT;
    for (;;) {
      const value = await this.#execute(`return ${expression}`);
      if (value) return value;
      if (Date.now() > deadline) throw new Error("The page does not answer");
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
    }
  }

  #execute(script: string): Promise<unknown> {
    return this.#command("POST", "/execute/sync", { script, args: [] });
  }

  #command(method: string, path: string, body?: object): Promise<unknown> {
    return this.#webKit.command(method, path, body, this.#handle);
  }
}

/** A WebKitGTK with a profile that goes when it ends. */
export class WebKit implements AsyncDisposable {
  /** The version, such as `2.50.6`. */
  readonly version: string;
  /** The page that is shown. Each has a window of its own: only those can be hidden. */
  shown: WebKitPage | undefined;
  readonly #session: string;
  readonly #processes: Deno.ChildProcess[];
  /** The window that commands go to. */
  #handle = "";
  /** Ends with the last command: the driver does one after the other. */
  #last: Promise<unknown> = Promise.resolve();
  /** Whether the window that WebKit opens by itself was handed out. */
  #isFirstUsed = false;

  private constructor(
    session: string,
    version: string,
    processes: Deno.ChildProcess[],
  ) {
    this.#session = session;
    this.version = version;
    this.#processes = processes;
  }

  /**
   * Starts a browser.
   *
   * @param args Arguments of MiniBrowser.
   */
  static async launch(args: readonly string[] = []): Promise<WebKit> {
    const processes: Deno.ChildProcess[] = [];
    try {
      const display = await startScreen(processes);
      const driver = await startDriver(processes, display);
      const { sessionId, capabilities } = await send(
        "POST",
        `${driver}/session`,
        {
          capabilities: {
            alwaysMatch: {
              "webkitgtk:browserOptions": {
                binary: await findMiniBrowser(),
                args: ["--automation", ...args],
              },
            },
          },
        },
      ) as { sessionId: string; capabilities: { browserVersion: string } };
      const session = `${driver}/session/${sessionId}`;
      return new WebKit(session, capabilities.browserVersion, processes);
    } catch (error) {
      await endAll(processes);
      throw error;
    }
  }

  /** Opens an empty page. */
  async newPage(): Promise<WebKitPage> {
    const handle = this.#isFirstUsed
      ? (await this.command("POST", "/window/new", { type: "window" }) as {
        handle: string;
      }).handle
      : await this.command("GET", "/window") as string;
    this.#isFirstUsed = true;
    const page = new WebKitPage(this, handle);
    // As a new tab does.
    await page.bringToFront();
    return page;
  }

  /**
   * Has a command done.
   *
   * @param handle The page that it is for.
   * @returns What the driver answers.
   */
  command(
    method: string,
    path: string,
    body?: object,
    handle = this.#handle,
  ): Promise<unknown> {
    const run = async (): Promise<unknown> => {
      if (handle !== this.#handle) {
        await send("POST", `${this.#session}/window`, { handle });
        this.#handle = handle;
      }
      return await send(method, this.#session + path, body);
    };
    const result = this.#last.then(run, run);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Ends the browser, its driver and its screen. */
  async close(): Promise<void> {
    await this.command("DELETE", "").catch(() => {});
    await endAll(this.#processes);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Starts a screen in memory, and gives its name. */
async function startScreen(processes: Deno.ChildProcess[]): Promise<string> {
  const screen = new Deno.Command("Xvfb", {
    args: [
      "-displayfd",
      "1",
      "-screen",
      "0",
      "1280x1024x24",
      "-nolisten",
      "tcp",
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  processes.push(screen);
  let text = "";
  // It writes its number once it is ready.
  const output = screen.stdout.pipeThrough(new TextDecoderStream());
  for await (const chunk of output) {
    text += chunk;
    if (text.includes("\n")) return `:${text.trim()}`;
  }
  throw new Error("Cannot start WebKit: Xvfb has ended");
}

/** Starts the driver, and gives the URL of its commands. */
async function startDriver(
  processes: Deno.ChildProcess[],
  display: string,
): Promise<string> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const driver = new Deno.Command("WebKitWebDriver", {
    args: ["-p", `${port}`],
    env: { DISPLAY: display, WEBKIT_DISABLE_COMPOSITING_MODE: "1" },
    stdout: "null",
    stderr: "null",
  }).spawn();
  processes.push(driver);
  const url = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + START_TIME_LIMIT;
  for (;;) {
    try {
      await send("GET", `${url}/status`);
      return url;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
  }
}

/** Sends one command of WebDriver. */
async function send(
  method: string,
  url: string,
  body?: object,
): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...body === undefined ? {} : { body: JSON.stringify(body) },
  });
  const { value } = await response.json();
  if (response.ok) return value;
  throw new Error(`WebDriver: ${value.error}: ${value.message}`);
}

async function endAll(processes: Deno.ChildProcess[]): Promise<void> {
  // The last one first: a browser must not lose its screen.
  for (const child of processes.toReversed()) {
    try {
      child.kill();
    } catch {
      // It has ended by itself.
    }
    await child.status;
  }
}

/** MiniBrowser is in a folder of WebKit's libraries, one for each version of its API. */
async function findMiniBrowser(): Promise<string> {
  for await (const { name } of Deno.readDir("/usr/lib")) {
    for (const version of ["4.1", "4.0"]) {
      const path = `/usr/lib/${name}/webkit2gtk-${version}/MiniBrowser`;
      if (await exists(path)) return path;
    }
  }
  throw new Error("Cannot start WebKit: there is no MiniBrowser in /usr/lib");
}

async function isOnPath(program: string): Promise<boolean> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    if (await exists(`${folder}/${program}`)) return true;
  }
  return false;
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}

async function install(packages: string[]): Promise<void> {
  for (const args of [["update"], ["install", "-y", ...packages]]) {
    const { success, stderr } = await new Deno.Command("apt-get", {
      args,
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) {
      const reason = new TextDecoder().decode(stderr).trim();
      throw new Error(
        `Cannot start WebKit: apt-get does not install ${
          packages.join(" and ")
        }: ${reason}`,
      );
    }
  }
}
