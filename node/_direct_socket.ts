// Copyright 2026 the Tidings authors. MIT license.

/**
 * Writes chunks past a response of `node:http` to its socket. Most of what `node:http`
 * spends on a chunk is its frame: for each client, it writes a length, the chunk and a line
 * end. Here the frame is made once for all clients, and is one write. `ResponseSink` uses it.
 *
 * @module
 */

import http from "node:http";
import net from "node:net";
import type { Exchange } from "./_exchange.ts";
import { frameChunk, MAX_FRAMED_BYTES } from "./_chunk_frame.ts";

// Read once, as the exchange does.
const { IncomingMessage } = http;
const { Socket } = net;

/** Node's own methods. APM tools and middlewares replace them on a response. */
const { write: WRITE, flushHeaders: FLUSH_HEADERS } =
  http.OutgoingMessage.prototype;

/**
 * Tells whether the chunks of a response may be written to its socket. Its head then has to
 * announce them. Otherwise Node chooses the framing when it writes the head.
 *
 * @param exchange The exchange of a response that an owner writes.
 */
export function mayFrame(exchange: Exchange): boolean {
  return findChunked(exchange)?.write === WRITE;
}

/** Gives the response if it is Node's own over HTTP/1.1. HTTP/1.0 has no chunks. */
function findChunked(
  { incoming, nodeResponse }: Exchange,
): http.ServerResponse | undefined {
  return incoming instanceof IncomingMessage &&
      incoming.httpVersion === "1.1"
    ? nodeResponse
    : undefined;
}

/** What writes to a socket. */
export interface SocketUser {
  /** Called when there is room after a write that left none. */
  handleDrain(): void;
}

/** The socket of one response. Chunks go to it while nothing else changes what is sent. */
export class DirectSocket {
  readonly #outgoing: http.ServerResponse;
  readonly #socket: net.Socket;
  readonly #user: SocketUser;
  /** The listener for `"drain"`: from the first write that leaves no room. */
  #onDrain: (() => void) | undefined;
  /** Whether the head was handed to the socket, or was to be in this event loop turn. */
  #hasHead = false;

  /**
   * Finds the socket of a response whose head was written by `writeHead()`.
   *
   * @param exchange The exchange of the response.
   * @param user Told when the socket has room after a write that left none.
   * @returns The socket; `undefined` if the response has to write by itself.
   */
  static find(
    exchange: Exchange,
    user: SocketUser,
  ): DirectSocket | undefined {
    const outgoing = findChunked(exchange);
    if (outgoing === undefined) return undefined;
    const { socket } = outgoing;
    // With HTTP pipelining, a response has no socket while the one before it is sent.
    return socket instanceof Socket && outgoing.headersSent &&
        outgoing.chunkedEncoding === true
      ? new DirectSocket(outgoing, socket, user)
      : undefined;
  }

  private constructor(
    outgoing: http.ServerResponse,
    socket: net.Socket,
    user: SocketUser,
  ) {
    this.#outgoing = outgoing;
    this.#socket = socket;
    this.#user = user;
  }

  /** Notes a call of `write()` or `flushHeaders()` of the response, which send the head. */
  noteHead(method: "write" | "flushHeaders"): void {
    const { write, flushHeaders } = this.#outgoing;
    this.#hasHead ||= method === "write"
      ? write === WRITE
      : flushHeaders === FLUSH_HEADERS;
  }

  /**
   * Writes a chunk, unless the response has to write it:
   *
   * - It has written in this event loop turn and may hold that back, as Node 26 does.
   * - It has ended or was cut off.
   * - A middleware has replaced its `write()` meanwhile.
   *
   * @param chunk The chunk.
   * @returns Whether more should be written before `"drain"`; `undefined` if the chunk was
   * not written.
   */
  write(chunk: Uint8Array<ArrayBuffer>): boolean | undefined {
    const { byteLength } = chunk;
    // An empty chunk would end the body. A large one is not worth a copy.
    if (byteLength === 0 || byteLength > MAX_FRAMED_BYTES) return undefined;
    if (!this.#isFree()) return undefined;
    const hasRoom = this.#socket.write(frameChunk(chunk));
    if (!hasRoom && this.#onDrain === undefined) {
      this.#onDrain = () => this.#user.handleDrain();
      this.#socket.on("drain", this.#onDrain);
    }
    return hasRoom;
  }

  /** Removes the listener. The socket goes on with the next response. */
  release(): void {
    if (this.#onDrain === undefined) return;
    this.#socket.off("drain", this.#onDrain);
    this.#onDrain = undefined;
  }

  #isFree(): boolean {
    const outgoing = this.#outgoing;
    const socket = this.#socket;
    return this.#hasHead && outgoing.write === WRITE &&
      outgoing.socket === socket && !outgoing.writableEnded &&
      !outgoing.destroyed && socket.writable &&
      outgoing.writableCorked === 0 && socket.writableCorked === 0 &&
      outgoing.writableLength === socket.writableLength;
  }
}
