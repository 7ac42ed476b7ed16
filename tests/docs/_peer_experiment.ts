// Copyright 2026 the Tidings authors. MIT license.

/** What the experiments with readers have in common: a server, a page and a record. */

import { FakePage, type Reader, type ReaderOptions } from "./_peer_readers.ts";
import { turn } from "../support/sources.ts";

/** How the first request is answered. */
export interface Answer {
  /** Whether the body goes on after the last chunk. */
  isOpen: boolean;
  status?: number;
}

/** One reader with a server that answers it once, and never again. */
export class Experiment implements Disposable {
  readonly page = new FakePage();
  readonly requests: RequestInit[] = [];
  readonly events: string[] = [];
  /** How often the reader has asked for a chunk. */
  pulls = 0;
  /** Resolves when the reader has dealt with all chunks and wants more. */
  readonly hungry = Promise.withResolvers<void>();
  /** Resolves at the second request, which is never answered. */
  readonly requestedAgain = Promise.withResolvers<void>();
  /** Resolves when the reader has given up. */
  readonly failed = Promise.withResolvers<void>();
  readonly #chunks: readonly Uint8Array[];
  readonly #answer: Answer;
  readonly #close: () => void;

  constructor(
    reader: Reader,
    chunks: readonly (string | Uint8Array)[],
    options: Partial<ReaderOptions> = {},
    answer: Answer = { isOpen: true },
  ) {
    this.#chunks = chunks.map((chunk) =>
      typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk
    );
    this.#answer = answer;
    this.#close = reader.open("http://localhost/", {
      onEvent: (data) => void this.events.push(data),
      onFail: () => this.failed.resolve(),
      ...options,
      fetch: (_, init = {}) => this.#respond(init),
    });
  }

  [Symbol.dispose](): void {
    this.#close();
    this.page[Symbol.dispose]();
  }

  #respond(init: RequestInit): Promise<Response> {
    if (this.requests.push(init) > 1) {
      this.requestedAgain.resolve();
      return new Promise((_, reject) => onAbort(init, reject));
    }
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) =>
        onAbort(init, (reason) => controller.error(reason)),
      pull: (controller) => this.#pull(controller),
    }, { highWaterMark: 0 });
    return Promise.resolve(
      new Response(body, {
        status: this.#answer.status ?? 200,
        headers: { "content-type": "text/event-stream" },
      }),
    );
  }

  async #pull(controller: ReadableStreamDefaultController): Promise<void> {
    const chunk = this.#chunks[this.pulls++];
    if (chunk !== undefined) return controller.enqueue(chunk);
    // Some ask for more before they have handed out what they have.
    await turn();
    this.hungry.resolve();
    if (!this.#answer.isOpen) return controller.close();
    await Promise.withResolvers<void>().promise;
  }
}

function onAbort(
  { signal }: RequestInit,
  callback: (reason: unknown) => void,
): void {
  signal?.addEventListener("abort", () => callback(signal.reason));
}
