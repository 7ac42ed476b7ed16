// Copyright 2026 the Tidings authors. MIT license.

/**
 * A client of HTTP/1.1 over a bare socket, which sees a response as it arrives: `fetch`
 * hides heads, codings and when bytes come.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createBrotliDecompress, createGunzip } from "node:zlib";
import { within } from "../support/within.ts";

const HEAD_END = "\r\n\r\n";

/** A request. */
export interface ClientRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** One request on one connection, and its response as far as it has arrived. */
export class Client implements Disposable {
  status = 0;
  /** The headers of the response, once its head has arrived. */
  headers: Headers | undefined;
  /** The body, without the chunks of HTTP and without its content coding. */
  text = "";
  /** Whether the body is complete. */
  hasEnded = false;
  readonly #connection: Deno.Conn;
  /** What has arrived and is not taken apart yet. */
  #rest: Uint8Array<ArrayBufferLike> = new Uint8Array();
  #isBodyless: boolean;
  #decoder: ReturnType<typeof createGunzip> | undefined;
  #isOpen = true;

  /** Sends a request, and waits for nothing. */
  static async request(
    port: number,
    { method = "GET", headers = {}, body }: ClientRequest = {},
  ): Promise<Client> {
    const connection = await Deno.connect({ port, hostname: "127.0.0.1" });
    const bytes = new TextEncoder().encode(body ?? "");
    const head = [
      `${method} /events HTTP/1.1`,
      `host: 127.0.0.1:${port}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      ...(body === undefined ? [] : [`content-length: ${bytes.length}`]),
    ];
    const client = new Client(connection, method === "HEAD");
    await connection.write(
      new Uint8Array([
        ...new TextEncoder().encode(head.join("\r\n") + HEAD_END),
        ...bytes,
      ]),
    );
    return client;
  }

  private constructor(connection: Deno.Conn, isBodyless: boolean) {
    this.#connection = connection;
    this.#isBodyless = isBodyless;
  }

  /** The content coding of the body. */
  get coding(): string {
    return this.headers?.get("content-encoding") ?? "identity";
  }

  /** Reads the head. */
  async readHead(): Promise<void> {
    await this.#readWhile("the head", () => this.headers === undefined);
  }

  /** Reads until a text is in the body. */
  async readUntil(text: string): Promise<void> {
    await this.#readWhile(
      JSON.stringify(text),
      () => !this.text.includes(text),
    );
  }

  /** Reads until the body is complete. */
  async readToEnd(): Promise<void> {
    await this.#readWhile("the end of the body", () => !this.hasEnded);
  }

  /** Closes the connection, whatever is under way. */
  leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#connection.close();
    this.#decoder?.destroy();
  }

  [Symbol.dispose](): void {
    this.leave();
  }

  async #readWhile(what: string, isMissing: () => boolean): Promise<void> {
    const read = async () => {
      const buffer = new Uint8Array(65_536);
      while (isMissing()) {
        const count = await this.#connection.read(buffer);
        if (count === null) this.hasEnded ||= this.#endsWithConnection();
        else await this.#take(buffer.subarray(0, count));
        if (count === null && isMissing()) throw new Error("it was cut off");
      }
    };
    try {
      await within(what, read());
    } catch (error) {
      const seen = `${this.status} ${JSON.stringify(this.text.slice(-500))}`;
      throw new Error(`${what}: ${(error as Error).message}; got ${seen}`);
    }
  }

  async #take(bytes: Uint8Array): Promise<void> {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    if (this.headers === undefined && !this.#takeHead()) return;
    if (this.#isBodyless) {
      if (this.#rest.length > 0) throw new Error("it has a body");
      return;
    }
    if (this.headers?.get("transfer-encoding") === "chunked") {
      while (await this.#takeChunk());
      return;
    }
    const length = this.headers?.get("content-length") ?? Infinity;
    this.text += new TextDecoder().decode(this.#rest);
    this.#rest = new Uint8Array();
    this.hasEnded = this.text.length >= Number(length);
  }

  #takeHead(): boolean {
    const end = Buffer.from(this.#rest).indexOf(HEAD_END);
    if (end < 0) return false;
    const [line = "", ...fields] = Buffer.from(this.#rest.subarray(0, end))
      .toString("latin1").split("\r\n");
    this.status = Number(line.split(" ")[1]);
    this.headers = new Headers(
      fields.map((field) => {
        const colon = field.indexOf(":");
        return [field.slice(0, colon), field.slice(colon + 1).trim()];
      }),
    );
    this.#rest = this.#rest.subarray(end + HEAD_END.length);
    this.#isBodyless ||= this.status === 204 || this.status === 304 ||
      this.headers.get("content-length") === "0";
    this.hasEnded = this.#isBodyless;
    return true;
  }

  async #takeChunk(): Promise<boolean> {
    const rest = Buffer.from(this.#rest);
    const end = rest.indexOf("\r\n");
    if (end < 0) return false;
    const size = parseInt(rest.subarray(0, end).toString("latin1"), 16);
    const next = end + 2 + size + 2;
    if (rest.length < next) return false;
    this.#rest = rest.subarray(next);
    if (size === 0) this.hasEnded = true;
    else this.text += await this.#decode(rest.subarray(end + 2, next - 2));
    return !this.hasEnded;
  }

  /** Undoes the content coding of one chunk, which must be flushed at its end. */
  async #decode(chunk: Uint8Array): Promise<string> {
    if (this.coding === "identity") return new TextDecoder().decode(chunk);
    const decoder = this.#decoder ??= this.#makeDecoder();
    const decoded: Uint8Array[] = [];
    const onData = (bytes: Uint8Array) => decoded.push(bytes);
    decoder.on("data", onData);
    await new Promise<void>((resolve, reject) => {
      decoder.write(chunk, (error) => error ? reject(error) : resolve());
    });
    decoder.off("data", onData);
    return Buffer.concat(decoded).toString();
  }

  #makeDecoder(): ReturnType<typeof createGunzip> {
    const decoder = this.coding === "br"
      ? createBrotliDecompress()
      : createGunzip();
    // What is wrong is told to each write as well.
    decoder.on("error", () => {});
    return decoder;
  }

  /** Whether the end of the connection is that of the body. */
  #endsWithConnection(): boolean {
    return this.headers !== undefined &&
      !this.headers.has("transfer-encoding") &&
      !this.headers.has("content-length");
  }
}
