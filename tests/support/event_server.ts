// Copyright 2026 the Tidings authors. MIT license.

/** What a server of a test answers: a response, or a promise of one. */
export type Answer = (
  request: Request,
  index: number,
) => Response | Promise<Response>;

/** What is kept of a request, which itself does not outlive its response. */
export interface SeenRequest {
  method: string;
  url: string;
  headers: Headers;
}

/** A server on the loopback interface that keeps what it was asked. */
export interface EventServer extends AsyncDisposable {
  url: string;
  /** The requests so far, in their order. */
  requests: SeenRequest[];
}

/** Serves until the end of the block that `await using`s it. */
export function serve(answer: Answer): EventServer {
  const requests: SeenRequest[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      const { method, url } = request;
      const headers = new Headers(request.headers);
      return answer(request, requests.push({ method, url, headers }) - 1);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Answers by turns; the last one for all requests that follow. */
export function byTurns(...answers: (() => Response)[]): Answer {
  return (_, index) => answers[Math.min(index, answers.length - 1)]!();
}

/** An event stream of these very bytes, which then ends. */
export function eventStream(
  body: BodyInit | null,
  init?: ResponseInit,
): Response {
  const headers = new Headers(init?.headers);
  if (!headers.has("content-type")) {
    headers.set("content-type", "text/event-stream");
  }
  return new Response(body, { ...init, headers });
}

/** An event stream that the test writes to, step by step. */
export class OpenStream {
  readonly response: Response;
  /** Resolves when the client has left. */
  readonly cancelled: Promise<void>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  constructor(...chunks: string[]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.cancelled = promise;
    this.response = eventStream(
      new ReadableStream<Uint8Array>({
        start: (controller) => {
          this.#controller = controller;
        },
        cancel: () => resolve(),
      }),
    );
    for (const chunk of chunks) this.send(chunk);
  }

  /** Sends text. */
  send(text: string): void {
    this.#controller.enqueue(new TextEncoder().encode(text));
  }

  /** Ends the body. */
  end(): void {
    this.#controller.close();
  }
}
