// Copyright 2026 the Tidings authors. MIT license.

/**
 * The demo's server: a page, the streams that it reads, and ways to disturb them.
 *
 * @module
 */

import { AnswerRun } from "./answer_run.ts";
import { Compression } from "./compression.ts";
import { Live } from "./live.ts";
import { Rooms } from "./rooms.ts";
import { Site } from "./site.ts";
import { SlowReader } from "./slow_reader.ts";

/** The demo, served on this machine only. */
export class Demo {
  /** Where the page is. */
  readonly url: string;
  readonly #compression = new Compression();
  readonly #live = new Live(this.#compression.option);
  readonly #rooms = new Rooms();
  readonly #site = new Site();
  readonly #answerRun: Promise<AnswerRun>;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #slowReader: SlowReader;
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
  }

  /** Ends the streams, the measuring and the server. */
  async close(): Promise<void> {
    this.#slowReader.stop();
    await this.#live.close();
    await this.#rooms.close();
    await (await this.#answerRun)[Symbol.asyncDispose]();
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const { channel } = this.#live;
    if (url.pathname === "/run") {
      const answerRun = await this.#answerRun;
      return this.#makeDroppable(await answerRun.answer(request));
    }
    if (url.pathname === "/room") {
      return this.#makeDroppable(await this.#rooms.answer(request));
    }
    switch (`${request.method} ${url.pathname}`) {
      case "GET /":
        return await this.#site.makePage(await this.#live.read());
      case "GET /events":
        return this.#makeDroppable(
          this.#live.serve(this.#compression.apply(request)),
        );
      case "GET /measurements":
        return Response.json((await this.#live.read()).measurements);
      case "POST /drop":
        return Response.json({ dropped: this.#drop() });
      case "POST /slow-reader":
        this.#slowReader.toggle();
        return Response.json(this.#slowReader.state);
      case "POST /compression":
        this.#compression.toggle(channel.counters);
        // The clients reconnect with the new setting.
        this.#drop();
        return Response.json(this.#compression.isOn);
      case "GET /state":
        return Response.json({
          ...channel.counters,
          compression: this.#compression.compare(channel.counters),
          size: channel.size,
          slowReader: this.#slowReader.state,
        });
    }
    const file = request.method === "GET"
      ? await this.#site.answer(url)
      : undefined;
    return file ?? new Response("Not found\n", { status: 404 });
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
    if (response.body === null) return response;
    let drop: () => void;
    const forget = () => void this.#drops.delete(drop);
    const body = response.body.pipeThrough(
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
