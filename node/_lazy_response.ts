// Copyright 2026 the Tidings authors. MIT license.

/** A `Response` that has no stream before more than its head is asked for. */

import { delegateMissingMembers } from "./_delegate_members.ts";
import {
  type Sink,
  type SinkOwner,
  StreamSink,
  TAKEN_OVER,
} from "../_server/sink.ts";

/**
 * Stands for a response with status 200 whose body is what an owner writes. In Node 20
 * the stream of a body costs a quarter of what accepting a client does.
 */
export class LazyResponse {
  /** `undefined` once it was taken over. */
  #owner: SinkOwner | undefined;
  readonly #highWaterMark: 0 | 1;
  readonly #headers: Headers;
  /** Set when the stream is needed. */
  #sink: StreamSink | undefined;
  /** The response that this one stands for: set when it is needed. */
  #genuine: Response | undefined;

  static {
    delegateMissingMembers(
      this.prototype,
      new Response(),
      (lazy) => lazy.#getGenuine(),
    );
  }

  /** Makes a response. */
  static make(
    owner: SinkOwner,
    highWaterMark: 0 | 1,
    headers: Headers,
  ): Response {
    const lazy = new LazyResponse(owner, highWaterMark, headers);
    // It has whatever a response has.
    return lazy as unknown as Response;
  }

  /**
   * Takes the owner of a body that nobody has asked for, to connect it to another
   * sink.
   *
   * @param response Any response.
   * @returns The owner, `undefined` if there is no such one.
   */
  static takeOver(response: object): SinkOwner | undefined {
    if (!(#owner in response) || response.#sink !== undefined) return undefined;
    const owner = response.#owner;
    response.#owner = undefined;
    return owner;
  }

  private constructor(
    owner: SinkOwner,
    highWaterMark: 0 | 1,
    headers: Headers,
  ) {
    this.#owner = owner;
    this.#highWaterMark = highWaterMark;
    this.#headers = headers;
    owner.connect(new UnservedSink(() => this.#openStream()));
  }

  get headers(): Headers {
    return this.#genuine?.headers ?? this.#headers;
  }

  get status(): number {
    return 200;
  }

  get statusText(): string {
    return "";
  }

  get type(): ResponseType {
    return "default";
  }

  #getGenuine(): Response {
    this.#genuine ??= new Response(this.#openStream().stream, {
      headers: this.#headers,
    });
    return this.#genuine;
  }

  #openStream(): StreamSink {
    if (this.#sink !== undefined) return this.#sink;
    if (this.#owner === undefined) throw new TypeError(TAKEN_OVER);
    return this.#sink = new StreamSink(this.#owner, this.#highWaterMark);
  }
}

/** Makes the stream for what is written before the response is served. */
class UnservedSink implements Sink {
  readonly #openStream: () => Sink;

  constructor(openStream: () => Sink) {
    this.#openStream = openStream;
  }

  get hasRoom(): boolean {
    return false;
  }

  write(chunk: Uint8Array<ArrayBuffer>): void {
    this.#openStream().write(chunk);
  }

  end(): void {
    this.#openStream().end();
  }

  fail(error: unknown): void {
    this.#openStream().fail(error);
  }
}
