// Copyright 2026 the Tidings authors. MIT license.

/**
 * The interface between the rooms that send event streams and a codec that compresses
 * them: the server and channels call it, and `compression/` implements it, since the core
 * does without `node:zlib`.
 *
 * @module
 */

/** The key of the codec of an {@linkcode EventCompression}. */
export const CODEC: unique symbol = Symbol("codec");

/**
 * A way to compress event streams for the clients that ask for it: what `compress()`,
 * `gzip()` and others of `@tidings/sse/compression` return. One may serve any number of
 * streams and channels.
 *
 * It is opaque: only this package makes it and looks inside.
 */
export interface EventCompression {
  /**
   * The content coding, as in `Content-Encoding`, such as `"gzip"`. For `compress()`, the
   * codings from which it chooses, separated by commas.
   */
  readonly coding: string;
  /** @ignore Not public: other codings will change its members. */
  readonly [CODEC]: Codec;
}

/** Makes compressed streams. */
export interface Codec {
  /**
   * Tells whether a client gets its stream compressed.
   *
   * @param acceptEncoding The client's `Accept-Encoding` header, `null` if it is absent.
   */
  accepts(acceptEncoding: string | null): boolean;
  /**
   * Chooses the compression for a client. Left out, it is this one for all clients.
   *
   * @param acceptEncoding The client's `Accept-Encoding` header, `null` if it is absent.
   * @param isAlone Whether the client shares its chunks with no other.
   * @returns The compression, `undefined` if the client gets its stream as it is.
   */
  choose?(
    acceptEncoding: string | null,
    isAlone: boolean,
  ): EventCompression | undefined;
  /** Begins the stream of one client. */
  openStream(): CompressedStream;
  /** Opens a window for the clients that get the same chunks, even if there is only one. */
  openWindow(): CompressionWindow;
}

/**
 * The history that the streams of several clients have in common. Each chunk is added
 * once, by `add()`, and then taken by the streams of the clients that get it, by
 * `encodeShared()`.
 */
export interface CompressionWindow {
  /**
   * Adds the next chunk. Only a chunk that at least one stream takes may be added: the
   * window counts how many take each chunk, to decide when it starts over.
   *
   * @returns What `encodeShared()` takes, until the next chunk is added.
   */
  add(chunk: Uint8Array<ArrayBuffer>): WindowChunk;
  /** Frees the memory. No chunk may be added any more. */
  close(): void;
}

/** A chunk that was added to a window. */
export interface WindowChunk {
  /** Bytes of the chunk, not compressed. */
  readonly byteLength: number;
}

/** The stream of one client. Each result is complete: no bytes are held back. */
export interface CompressedStream {
  /** Compresses a chunk that only this client gets. */
  encode(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
  /**
   * Compresses a chunk that other clients get too, once for all of them.
   *
   * @param chunk A chunk of a window of the same compression.
   */
  encodeShared(chunk: WindowChunk): Uint8Array<ArrayBuffer>;
  /** Makes the end of the stream. Nothing may follow. */
  end(): Uint8Array<ArrayBuffer>;
  /** Frees the memory of the stream. No method may be called after it. */
  close?(): void;
}

/**
 * Chooses the compression for a client.
 *
 * @param compression The compression that the server offers.
 * @param acceptEncoding The client's `Accept-Encoding` header, `null` if it is absent.
 * @param isAlone Whether the client shares its chunks with no other.
 * @returns The compression, `undefined` if the client gets its stream as it is.
 */
export function chooseCompression(
  compression: EventCompression,
  acceptEncoding: string | null,
  isAlone: boolean,
): EventCompression | undefined {
  const codec = compression[CODEC];
  if (codec.choose !== undefined) return codec.choose(acceptEncoding, isAlone);
  return codec.accepts(acceptEncoding) ? compression : undefined;
}
