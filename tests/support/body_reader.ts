// Copyright 2026 the Tidings authors. MIT license.

import { within } from "./within.ts";

/** Reads the body of a response chunk by chunk, as a client at its own pace would. */
export class BodyReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();

  constructor(response: Response) {
    if (response.body === null) throw new Error("The response has no body");
    this.#reader = response.body.getReader();
  }

  /** The next chunk as text, `undefined` at the end. */
  async read(): Promise<string | undefined> {
    const { done, value } = await within("read()", this.#reader.read());
    return done ? undefined : this.#decoder.decode(value);
  }

  /** All that is left, as text. */
  async readAll(): Promise<string> {
    let text = "";
    for (;;) {
      const chunk = await this.read();
      if (chunk === undefined) return text;
      text += chunk;
    }
  }

  /** Leaves, as a client does. */
  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}
