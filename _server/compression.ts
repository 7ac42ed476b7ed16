// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the server and the channel know of compression, which is made elsewhere: the
 * core does without `node:zlib`.
 *
 * @module
 */

/**
 * A way to compress event streams for the clients that ask for it, such as `gzip()`
 * of `@tidings/sse/compression`. It may serve any number of streams and channels.
 */
export interface EventCompression {
  /** The content coding, as it stands in `Content-Encoding`. */
  readonly coding: string;
  /**
   * Whether a client gets it.
   *
   * @param acceptEncoding What the client's `Accept-Encoding` says, `null` if it is
   * absent.
   */
  accepts(acceptEncoding: string | null): boolean;
  /** Begins the stream of one client. */
  openStream(): CompressedStream;
  /** Opens a window for clients that get the same bytes, be it only one. */
  openWindow(): CompressionWindow;
}

/** What the clients that get the same bytes have in common. */
export interface CompressionWindow {
  /** Frees the memory. No chunk may be compressed with it any more. */
  close(): void;
}

/** The stream of one client. Whatever it gives is complete: nothing is held back. */
export interface CompressedStream {
  /**
   * Compresses what the client gets next.
   *
   * @param chunk A chunk. With a window, it is taken for a new one where it is not
   * the very chunk of the call before, and compressed once for all who get it.
   * @param window The window of those who get it; left out, it is for this client
   * alone.
   */
  encode(
    chunk: Uint8Array<ArrayBuffer>,
    window?: CompressionWindow,
  ): Uint8Array<ArrayBuffer>;
  /** Makes what ends the stream in order. Nothing may follow. */
  end(): Uint8Array<ArrayBuffer>;
}
