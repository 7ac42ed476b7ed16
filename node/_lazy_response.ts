// Copyright 2026 the Tidings authors. MIT license.

/**
 * A `Response` that gets a stream only when more of it is read than its head. The hooks of
 * a request make it, and `sendResponse()` takes the owner of its body.
 *
 * @module
 */

import { delegateMissingMembers } from "./_delegate_members.ts";
import type { Negotiation } from "../_server/negotiation.ts";
import {
  type Sink,
  type SinkOwner,
  StreamSink,
  TAKEN_OVER,
} from "../_server/sink.ts";

/**
 * Passes for a response with status 200 and a body that an owner writes. In Node 20, the
 * stream of a body takes a quarter of the time in which a client is accepted.
 */
export class LazyResponse {
  /** What writes the body; `undefined` once it is connected to another sink. */
  #owner: SinkOwner | undefined;
  readonly #highWaterMark: 0 | 1;
  readonly #negotiation: Negotiation;
  readonly #makeHeaders: (negotiation: Negotiation) => Headers;
  /** Set when they are needed. */
  #headers: Headers | undefined;
  /** Set when the stream is needed. */
  #sink: StreamSink | undefined;
  /** The real response: set when it is needed. */
  #real: Response | undefined;

  static {
    delegateMissingMembers(
      this.prototype,
      new Response(),
      (lazy) => lazy.#getReal(),
    );
  }

  /** Makes a response. */
  static make(
    owner: SinkOwner,
    highWaterMark: 0 | 1,
    negotiation: Negotiation,
    makeHeaders: (negotiation: Negotiation) => Headers,
  ): Response {
    const lazy = new LazyResponse(
      owner,
      highWaterMark,
      negotiation,
      makeHeaders,
    );
    // `delegateMissingMembers()` has defined all members of a response.
    return lazy as unknown as Response;
  }

  /**
   * Takes the owner of a body that was not read, to connect it to another sink.
   *
   * @param response Any response.
   * @returns The owner; `undefined` if the response is not lazy, or its body was read.
   */
  static takeOver(response: object): SinkOwner | undefined {
    if (!(#owner in response) || response.#sink !== undefined) return undefined;
    const owner = response.#owner;
    response.#owner = undefined;
    return owner;
  }

  /**
   * Whether a response has the head that every stream has, and nobody has looked at its
   * headers, which could be changed.
   */
  static hasPlainHead(response: object): boolean {
    return #owner in response && response.#negotiation.isPlain &&
      response.#headers === undefined;
  }

  private constructor(
    owner: SinkOwner,
    highWaterMark: 0 | 1,
    negotiation: Negotiation,
    makeHeaders: (negotiation: Negotiation) => Headers,
  ) {
    this.#owner = owner;
    this.#highWaterMark = highWaterMark;
    this.#negotiation = negotiation;
    this.#makeHeaders = makeHeaders;
    owner.connect(new UnservedSink(() => this.#openStream()));
  }

  get headers(): Headers {
    return this.#real?.headers ??
      (this.#headers ??= this.#makeHeaders(this.#negotiation));
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

  #getReal(): Response {
    this.#real ??= new Response(this.#openStream().stream, {
      headers: this.headers,
    });
    return this.#real;
  }

  #openStream(): StreamSink {
    if (this.#sink !== undefined) return this.#sink;
    if (this.#owner === undefined) throw new TypeError(TAKEN_OVER);
    return this.#sink = new StreamSink(this.#owner, this.#highWaterMark);
  }
}

/** The sink before the response is served: what is written goes to a stream, made then. */
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
