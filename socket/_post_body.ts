// Copyright 2026 the Tidings authors. MIT license.

/**
 * The body of a POST as other code has left it. If that code has read the body, its
 * messages would be lost, and the client told that they have arrived. `serveSocket()` opens
 * the body, and a session reads it.
 *
 * @module
 */

import { EarlierReadError } from "../_server/earlier_read.ts";
import { warn } from "../_warning.ts";

const LENGTH_REGEXP = /^\d+$/;

/** The body of one POST. */
export class PostBody {
  readonly #body: ReadableStream<Uint8Array> | null;
  /** Set by the first read: the body of a POST that is refused before is left alone. */
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** Whether the client has announced bytes, and none has come yet. */
  #isAwaited: boolean;
  /** Whether other code has read the body, or reads it now. */
  readonly #isRead: boolean;

  /** @param request The POST. */
  constructor({ body, bodyUsed, headers }: Request) {
    const length = headers.get("content-length") ?? "";
    this.#isAwaited = LENGTH_REGEXP.test(length) && Number(length) > 0;
    this.#isRead = bodyUsed || body?.locked === true;
    this.#body = body;
  }

  /**
   * Reads the next chunk.
   *
   * @returns The chunk, `undefined` at the end.
   * @throws {EarlierReadError} If other code has read the body. The developer was told.
   */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#isRead) throw tell("other code has read it");
    this.#reader ??= this.#body?.getReader();
    const { value } = await this.#reader?.read() ?? {};
    if (value === undefined && this.#isAwaited) {
      // Such as a stream that was made of a request of Node whose body had ended.
      throw tell('other code has left none of its "content-length" bytes');
    }
    this.#isAwaited &&= value?.length === 0;
    return value;
  }

  /** Drops what was not read. */
  cancel(): void {
    this.#reader?.cancel().catch(() => {});
  }
}

/** Makes an error, and tells the developer: no caller of `serveSocket()` receives it. */
function tell(message: string): EarlierReadError {
  const error = new EarlierReadError(message);
  warn("TIDINGS_HANDLER", "A POST to a socket cannot be read", error);
  return error;
}
