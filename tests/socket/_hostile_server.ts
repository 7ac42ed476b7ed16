// Copyright 2026 the Tidings authors. MIT license.

/** A server that sends a client's socket what it likes. */

/** What the server's first event says if nothing is wrong with it. */
export const OPENING: Readonly<Record<string, unknown>> = {
  session: "s",
  protocol: "",
  sessionTimeout: 5000,
  maxBatchSize: 100_000,
  acknowledgeAfter: 100_000,
};

/** Makes an `open` event; the members that are given replace the right ones. */
export function opening(changes: Record<string, unknown> = {}): string {
  return `event: open\ndata: ${JSON.stringify({ ...OPENING, ...changes })}\n\n`;
}

/** Answers the requests of one client with what it was made with. */
export class HostileServer implements AsyncDisposable {
  readonly url: string;
  /** The bodies of the POSTs. */
  readonly posts: string[] = [];
  /** The requests for a stream. */
  readonly gets: Request[] = [];
  readonly #answer: (post: number) => Promise<Response> | Response;
  readonly #streams: string[];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #controller = new AbortController();

  /**
   * @param streams What the streams send; all but the last end then.
   * @param answer Answers the POSTs, by their number.
   */
  constructor(
    streams: string[],
    answer: (post: number) => Promise<Response> | Response = () =>
      new Response(null, { status: 204 }),
  ) {
    this.#streams = streams;
    this.#answer = answer;
    this.#server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      signal: this.#controller.signal,
      // The client has left in the middle of its body.
      onError: () => new Response(null, { status: 400 }),
    }, (request) => this.#handle(request));
    this.url = `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Not `shutdown()`, which waits for clients that are still there.
    this.#controller.abort();
    await this.#server.finished;
  }

  async #handle(request: Request): Promise<Response> {
    if (request.method === "POST") {
      const number = this.posts.push(await request.text()) - 1;
      return await this.#answer(number);
    }
    const number = this.gets.push(request) - 1;
    const text = this.#streams[number] ?? "";
    const isLast = number >= this.#streams.length - 1;
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        if (text !== "") controller.enqueue(new TextEncoder().encode(text));
        if (!isLast) controller.close();
      },
    });
    return new Response(stream, {
      headers: { "content-type": "text/event-stream" },
    });
  }
}
