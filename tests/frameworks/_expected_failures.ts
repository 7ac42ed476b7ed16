// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cells that are known to fail, each with its reason. One that passes is a failure of
 * the suite: it has to leave the list.
 *
 * @module
 */

const COMPRESSED = "middleware compresses the stream and holds events back";
const PARSED = "a body that a parser has read is waited for";
const SILENT = "Bun closes a stream that is silent for 10 seconds";
const HEAD_LENGTH = "HEAD is answered with a content-length of 0";

/** The reasons, by the framework, the change of its program and the column. */
export const EXPECTED_FAILURES: Readonly<Record<string, string>> = {
  "express: quiet stream": COMPRESSED,
  "express: events at once": COMPRESSED,
  "express: POST body": COMPRESSED,
  "express: HEAD": COMPRESSED,
  "express: shutdown": COMPRESSED,
  "nest: quiet stream": COMPRESSED,
  "nest: events at once": COMPRESSED,
  "nest: POST body": COMPRESSED,
  "nest: HEAD": COMPRESSED,
  "nest: shutdown": COMPRESSED,
  "next: HEAD": COMPRESSED,
  "next, gzip(): HEAD": COMPRESSED,
  "express, behind a parser: parsed body": PARSED,
  "nest, behind a parser: parsed body": PARSED,
  "fastify, behind a parser: parsed body": PARSED,
  "koa, behind a parser: parsed body": PARSED,
  "bun: quiet stream": SILENT,
  "bun: no warning": SILENT,
  "bun: HEAD": HEAD_LENGTH,
  "bun, gzip(): HEAD": HEAD_LENGTH,
  "deno: HEAD": HEAD_LENGTH,
  "deno, gzip(): HEAD": HEAD_LENGTH,
};
