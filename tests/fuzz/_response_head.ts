// Copyright 2026 the Tidings authors. MIT license.

/**
 * Draws responses that no honest server would send, byte by byte, for
 * `response_heads_test.ts`.
 *
 * @module
 */

import type { Random } from "../support/random.ts";

/** A response, one character for each byte. */
export interface HostileResponse {
  /** What is sent, piece by piece; the connection is closed after that. */
  pieces: string[];
}

const VERSIONS = ["HTTP/1.0", "HTTP/2", "HTTP/9.9", "http/1.1", "ICY", ""];
const STATUSES = [
  ..."100 101 103 199 204 205 206 301 302 303 304 307 308 400 401 404 407 408"
    .split(
      " ",
    ),
  ..."417 421 425 429 431 500 502 503 511 599 600 999 000 0 -1 2OO 20 99999"
    .split(" "),
];
const STATUS_TEXTS = [
  "",
  "Not Found",
  toBytes("Не найдено"),
  "\xe9",
  "\x01",
  "\0",
  "\t\x7f",
  "a".repeat(20_000),
];
const TYPES = [
  "text/event-stream; charset=latin1",
  "text/event-stream, text/plain",
  'text/event-stream;a="',
  "text/html",
  "",
  "/",
  "\xff",
  toBytes("текст/поток"),
  "text/event-stream;" + "a".repeat(9000),
];
const CODINGS = [
  ..."gzip x-gzip deflate br zstd compress identity aws-chunked GZIP".split(
    " ",
  ),
  "",
  "\xe9",
  "a b",
];
const LENGTHS = [
  "0",
  "5",
  "-1",
  "abc",
  "5, 5",
  "5, 6",
  "9".repeat(25),
  "",
  "+5",
];
const TRANSFER_CODINGS = [
  "chunked",
  "chunked",
  "chunked",
  "identity",
  "gzip, chunked",
  "chunked, chunked",
  "chunked, gzip",
  "x",
  "",
];
// Nothing but this machine, on ports without a server or that fetch refuses.
const LOCATIONS = [
  "/",
  "?a",
  "#a",
  "",
  "//",
  "http://[",
  "http://127.0.0.1:1/",
  "http://user:password@127.0.0.1:1/",
  "ftp://127.0.0.1/",
  "data:text/event-stream,data:a%0A%0A",
  "javascript:1",
  "about:blank",
  "file:///",
  "\xff\xfe",
  toBytes("/потік"),
  "/" + "a".repeat(9000),
];
const OTHER_HEADERS = [
  "connection: close",
  "connection: upgrade\r\nupgrade: websocket",
  "connection: keep-alive, \x01",
  "keep-alive: timeout=-1, max=0",
  "trailer: content-type",
  "set-cookie: \xe9=\x7f",
  "set-cookie: a\r\nset-cookie: b",
  "retry-after: -1",
  "retry-after: 1e9",
  "retry-after: Thu, 01 Jan 1970 00:00:00 GMT",
  "access-control-allow-origin: *, *",
  "refresh: 0; url=/",
  "link: </>; rel=preload",
  "x-a: " + "b".repeat(70_000),
  "x-\xe9: a",
  " folded: a",
  "a: b\r\n folded",
  "no colon",
  ": no name",
  "a b: c",
  "a\0b: c\0d",
  "__proto__: a\r\nconstructor: b",
  "x: a\r\n".repeat(300) + "x: a",
  "http2-settings: a",
  "te: trailers",
  "strict-transport-security: max-age=\xff",
];
const CHUNKS = [
  "data: a\n\n",
  "id: 1\ndata: b\r\n\r\n",
  ": c\n",
  "retry: 1\n\n",
  "\0\xff\xfe",
  "\x1f\x8b\x08\0\0\0\0\0\0\x03",
  "event: error\ndata\n\n",
];
const SIZES = [
  "-1",
  "ffffffffffffffff",
  "g",
  "5;a=b",
  "5 ",
  "0x5",
  "",
  "00005",
];

/** Draws a response. */
export function drawResponse(random: Random): HostileResponse {
  const lineEnd = random.onceIn(20)
    ? random.pick(["\n", "\r", "\n\r"])
    : "\r\n";
  const codings = drawCodings(random);
  const head = drawHead(random, codings);
  // Node 20 and 26 end the process by themselves if the connection breaks off after
  // such a head: docs/runtimes.md, "Response heads that end Node".
  const isWhole = codings.length > 5;
  let text = isWhole
    ? ["HTTP/1.1 200 OK", ...head.slice(1), "content-length: 0", "", ""]
      .join("\r\n")
    : [...head, "", ""].join(lineEnd) + drawBody(random, head);
  if (!isWhole && random.onceIn(4)) {
    text = text.slice(0, random.below(text.length));
  }
  const pieces = text.length < 2000 && random.onceIn(3)
    ? random.cut(text, 40)
    : [text];
  return { pieces };
}

function drawHead(random: Random, codings: string[]): string[] {
  const version = random.onceIn(12) ? random.pick(VERSIONS) : "HTTP/1.1";
  const status = random.onceIn(2) ? random.pick(STATUSES) : "200";
  const text = random.onceIn(3) ? random.pick(STATUS_TEXTS) : "OK";
  const headers: string[] = [];
  if (!random.onceIn(8)) {
    const type = random.onceIn(3) ? random.pick(TYPES) : "text/event-stream";
    headers.push(`content-type: ${type}`);
  }
  const isWhole = codings.length > 5;
  if (codings.length > 0) {
    headers.push(`content-encoding: ${codings.join(random.pick([",", ", "]))}`);
  }
  if (!isWhole) {
    if (random.onceIn(4)) {
      headers.push(`content-length: ${random.pick(LENGTHS)}`);
    }
    if (random.onceIn(3)) {
      headers.push(`transfer-encoding: ${random.pick(TRANSFER_CODINGS)}`);
    }
    if (/^3/.test(status) || random.onceIn(10)) {
      headers.push(`location: ${random.pick(LOCATIONS)}`);
    }
    while (random.onceIn(3)) headers.push(random.pick(OTHER_HEADERS));
    // Their order is not ours to choose either.
    if (random.onceIn(2)) headers.reverse();
  }
  return [`${version} ${status} ${text}`, ...headers];
}

function drawCodings(random: Random): string[] {
  if (!random.onceIn(3)) return [];
  const count = random.pick([1, 1, 2, 5, 6, 8, 400]);
  return Array.from({ length: count }, () => random.pick(CODINGS));
}

function drawBody(random: Random, head: string[]): string {
  const chunks: string[] = [];
  while (!random.onceIn(4)) chunks.push(random.pick(CHUNKS));
  if (!head.some((line) => line.endsWith("chunked"))) return chunks.join("");
  const parts = chunks.map((chunk) => {
    const size = random.onceIn(6)
      ? random.pick(SIZES)
      : chunk.length.toString(16);
    return `${size}\r\n${chunk}\r\n`;
  });
  const end = random.onceIn(4) ? "0\r\na: \x01\r\n" : "0\r\n\r\n";
  return parts.join("") + (random.onceIn(4) ? "" : end);
}

/** The bytes of UTF-8, one character for each. */
function toBytes(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text));
}
