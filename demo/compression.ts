// Copyright 2026 the Tidings authors. MIT license.

/**
 * Compression that can be switched on and off, and the bytes that it saves.
 *
 * @module
 */

import { gzip } from "../compression/mod.ts";

/** The counters of a channel that are used here. */
interface Counters {
  bytes: number;
  savedBytes: number;
}

/** `gzip()`, for clients that connect while it is switched on. */
export class Compression {
  /** The option of the channel. */
  readonly option = gzip();
  #isOn = false;
  /** The counters at the last switch. */
  #before: Counters = { bytes: 0, savedBytes: 0 };

  /** Whether compression is switched on. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Returns the request to serve: while it is off, one that does not ask for gzip. */
  apply(request: Request): Request {
    if (this.#isOn) return request;
    const headers = new Headers(request.headers);
    headers.delete("accept-encoding");
    return new Request(request.url, { headers });
  }

  /** Switches compression on or off. */
  toggle(counters: Counters): void {
    this.#isOn = !this.#isOn;
    this.#before = { ...counters };
  }

  /** Returns the bytes that were sent and saved since the last switch. */
  compare({ bytes, savedBytes }: Counters): Counters & { isOn: boolean } {
    return {
      isOn: this.#isOn,
      bytes: bytes - this.#before.bytes,
      savedBytes: savedBytes - this.#before.savedBytes,
    };
  }
}
