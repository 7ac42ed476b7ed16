// Copyright 2026 the Tidings authors. MIT license.

/** Compression that can be switched on and off, and what it saves. */

import { gzip } from "../compression/mod.ts";
import type { EventCompression } from "../server.ts";

/** What a channel counts. */
interface Counters {
  bytes: number;
  savedBytes: number;
}

/** `gzip()`, for the clients that come while it is on. */
export class Compression implements EventCompression {
  readonly #gzip = gzip();
  readonly coding = this.#gzip.coding;
  readonly openStream = this.#gzip.openStream;
  readonly openWindow = this.#gzip.openWindow;
  #isOn = false;
  /** What was counted when it was switched last. */
  #before: Counters = { bytes: 0, savedBytes: 0 };

  /** Whether it is on. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Whether a client gets it. */
  accepts(acceptEncoding: string | null): boolean {
    return this.#isOn && this.#gzip.accepts(acceptEncoding);
  }

  /** Switches it on or off. */
  toggle(counters: Counters): void {
    this.#isOn = !this.#isOn;
    this.#before = { ...counters };
  }

  /** What was sent since it was switched, and what was saved. */
  compare({ bytes, savedBytes }: Counters): Counters & { isOn: boolean } {
    return {
      isOn: this.#isOn,
      bytes: bytes - this.#before.bytes,
      savedBytes: savedBytes - this.#before.savedBytes,
    };
  }
}
