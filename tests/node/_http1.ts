// Copyright 2026 the Tidings authors. MIT license.

/** Reads what came over a connection of HTTP/1.1, by the letter of RFC 9112. */

/** One response. */
export interface Http1Response {
  status: number;
  headers: Map<string, string>;
  body: string;
  /** The chunks of the body, if it is framed in chunks. */
  chunks: string[];
}

/** A body that is framed in chunks. */
export interface ChunkedBody {
  chunks: string[];
  /** Whether the last chunk has come. */
  isWhole: boolean;
  /** What comes behind the chunks that are whole. */
  rest: string;
}

interface Framed {
  body: string;
  chunks: string[];
  rest: string;
}

const STATUS_REGEXP = /^HTTP\/1\.1 (\d{3}) [\t\x20-\x7e\x80-\xff]*$/;
const HEADER_REGEXP = /^([!#$%&'*+.^_`|~\w-]+): ?([\t\x20-\x7e\x80-\xff]*)$/;

/**
 * Reads one response after the other, each to where its own framing says.
 *
 * @param text The bytes, one character for each.
 * @returns The responses that are whole, and what comes behind them.
 * @throws {SyntaxError} If a head is malformed.
 */
export function readHttp1Responses(
  text: string,
): { responses: Http1Response[]; rest: string } {
  const responses: Http1Response[] = [];
  for (let rest = text;;) {
    const read = readResponse(rest);
    if (read === undefined) return { responses, rest };
    responses.push(read.response);
    rest = read.rest;
  }
}

function readResponse(
  text: string,
): { response: Http1Response; rest: string } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(match(STATUS_REGEXP, statusLine)[1]);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name = "", value = ""] = match(HEADER_REGEXP, line);
    headers.set(name.toLowerCase(), value);
  }
  const framed = readBody(status, headers, text.slice(end + 4));
  if (framed === undefined) return undefined;
  const { rest, ...body } = framed;
  return { response: { status, headers, ...body }, rest };
}

function readBody(
  status: number,
  headers: Map<string, string>,
  text: string,
): Framed | undefined {
  if (status === 204 || status === 304) {
    return { body: "", chunks: [], rest: text };
  }
  if (headers.get("transfer-encoding") === "chunked") {
    const { isWhole, chunks, rest } = readHttp1Chunks(text);
    return isWhole ? { body: chunks.join(""), chunks, rest } : undefined;
  }
  const length = Number(headers.get("content-length") ?? NaN);
  // Without either, the body ends with the connection.
  if (Number.isNaN(length)) return { body: text, chunks: [], rest: "" };
  if (text.length < length) return undefined;
  return { body: text.slice(0, length), chunks: [], rest: text.slice(length) };
}

/**
 * Reads a body that is framed in chunks, without extensions and trailers, as far as it has
 * come.
 *
 * @param text What comes behind the head.
 * @throws {SyntaxError} If the frames are malformed.
 */
export function readHttp1Chunks(text: string): ChunkedBody {
  const chunks: string[] = [];
  for (let rest = text;;) {
    const lineEnd = rest.indexOf("\r\n");
    if (lineEnd < 0) {
      match(/^[\da-f]*\r?$/i, rest);
      return { chunks, isWhole: false, rest };
    }
    const size = parseInt(match(/^[\da-f]+$/i, rest.slice(0, lineEnd))[0]!, 16);
    const chunkEnd = lineEnd + 2 + size;
    if (rest.length < chunkEnd + 2) return { chunks, isWhole: false, rest };
    match(/^\r\n$/, rest.slice(chunkEnd, chunkEnd + 2));
    const chunk = rest.slice(lineEnd + 2, chunkEnd);
    rest = rest.slice(chunkEnd + 2);
    if (size === 0) return { chunks, isWhole: true, rest };
    chunks.push(chunk);
  }
}

function match(pattern: RegExp, text: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (found !== null) return found;
  throw new SyntaxError(`Malformed: ${JSON.stringify(text.slice(0, 200))}`);
}
