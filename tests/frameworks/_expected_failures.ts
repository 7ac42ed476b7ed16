// Copyright 2026 the Tidings authors. MIT license.

/**
 * The cells that are known to fail, each with its reason. One that passes is a failure of
 * the suite: it has to leave the list.
 *
 * @module
 */

const LISTENERS = "Node warns of the 11th stream with one signal";

/** The reasons, by the framework, the change of its program and the column. */
export const EXPECTED_FAILURES: Readonly<Record<string, string>> = {
  "node, serveEvents(): no warning": LISTENERS,
  "express, serveEvents(): no warning": LISTENERS,
  "nest, serveEvents(): no warning": LISTENERS,
  "fastify, serveEvents(): no warning": LISTENERS,
  "koa, serveEvents(): no warning": LISTENERS,
  "hono, serveEvents(): no warning": LISTENERS,
  "h3, serveEvents(): no warning": LISTENERS,
};
