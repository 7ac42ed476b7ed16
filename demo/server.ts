// Copyright 2026 the Tidings authors. MIT license.

/**
 * The demo's server: two pages, a stream of measurements, and ways to disturb it.
 *
 * @module
 */

import { EventChannel } from "../channel.ts";
import { bundle } from "../scripts/_bundle.ts";
import { AnswerRun } from "./answer_run.ts";
import { Compression } from "./compression.ts";
import { measure } from "./measurements.ts";
import { SlowReader } from "./slow_reader.ts";

const INTERVAL = 500;
// The events that a new page draws at once: one minute.
const REPLAY = 120;
// Served if the script cannot be bundled, such as on a first start without a network.
const UNSHARED = `export class SharedEventSource extends EventSource {
  isLeader = true;
}`;
const FILES: Record<string, { file: string; type: string }> = {
  "/": { file: "page.html", type: "text/html; charset=utf-8" },
  "/page.css": { file: "page.css", type: "text/css; charset=utf-8" },
  "/page.js": { file: "page.js", type: "text/javascript; charset=utf-8" },
  "/answer": { file: "answer.html", type: "text/html; charset=utf-8" },
  "/answer.js": { file: "answer.js", type: "text/javascript; charset=utf-8" },
  "/chart.js": { file: "chart.js", type: "text/javascript; charset=utf-8" },
};

/** The demo, served on this machine only. */
export class Demo {
  /** Where the page is. */
  readonly url: string;
  readonly #compression = new Compression();
  readonly #channel = new EventChannel({
    retry: 1000,
    compression: this.#compression.option,
  });
  readonly #answerRun: Promise<AnswerRun>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #slowReader: SlowReader;
  readonly #stopMeasuring: () => void;
  /** The script that the page imports; the first request for it sets it. */
  #script: Promise<string> | undefined;
  /** Functions that each drop the connection of one client. */
  readonly #drops = new Set<() => void>();

  /**
   * Serves the demo.
   *
   * @param port The port, or 0 for a free one.
   * @param path The file that keeps the answer over a restart. Without it, the answer is
   * kept in memory.
   * @throws {Deno.errors.AddrInUse} If the port is in use.
   */
  constructor(port: number, path = ":memory:") {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen() {} },
      (request) => this.#answer(request),
    );
    this.#answerRun = AnswerRun.open(path);
    this.url = `http://localhost:${this.#server.addr.port}/`;
    this.#slowReader = new SlowReader(`${this.url}events`);
    this.#stopMeasuring = measure(INTERVAL, (measurement) => {
      this.#channel.publish({
        event: "measurement",
        json: measurement,
      });
    });
  }

  /** Ends the streams, the measuring and the server. */
  async close(): Promise<void> {
    this.#stopMeasuring();
    this.#slowReader.stop();
    await this.#channel.close();
    await (await this.#answerRun)[Symbol.asyncDispose]();
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const page = request.method === "GET" ? FILES[pathname] : undefined;
    if (page !== undefined) {
      const { body } = await fetch(new URL(page.file, import.meta.url));
      return new Response(body, { headers: { "content-type": page.type } });
    }
    if (pathname === "/run") return (await this.#answerRun).answer(request);
    switch (`${request.method} ${pathname}`) {
      case "GET /shared.js":
        this.#script ??= bundle(import.meta.resolve("../shared/mod.ts"))
          .catch(() => UNSHARED);
        return new Response(await this.#script, {
          headers: { "content-type": "text/javascript; charset=utf-8" },
        });
      case "GET /events":
        return this.#makeDroppable(
          this.#channel.serve(this.#compression.apply(request), {
            replay: REPLAY,
          }),
        );
      case "POST /drop":
        return Response.json({ dropped: this.#drop() });
      case "POST /slow-reader":
        this.#slowReader.toggle();
        return Response.json(this.#slowReader.state);
      case "POST /compression":
        this.#compression.toggle(this.#channel.counters);
        // The clients reconnect with the new setting.
        this.#drop();
        return Response.json(this.#compression.isOn);
      case "GET /state":
        return Response.json({
          ...this.#channel.counters,
          compression: this.#compression.compare(this.#channel.counters),
          size: this.#channel.size,
          slowReader: this.#slowReader.state,
        });
    }
    return new Response("Not found\n", { status: 404 });
  }

  /** Drops all connections and returns how many there were. */
  #drop(): number {
    const { size } = this.#drops;
    for (const drop of this.#drops) drop();
    this.#drops.clear();
    return size;
  }

  /** Makes a response whose connection {@linkcode Demo.#drop} can drop at any time. */
  #makeDroppable(response: Response): Response {
    let drop: () => void;
    const forget = () => void this.#drops.delete(drop);
    const body = response.body?.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        start: (controller) => {
          drop = () => controller.terminate();
          this.#drops.add(drop);
        },
        flush: forget,
        cancel: forget,
      }),
    );
    return new Response(body, response);
  }
}
