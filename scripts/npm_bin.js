#!/usr/bin/env node
// Copyright 2026 the Tidings authors. MIT license.

/**
 * The program of the npm package, which `npx @tidings/sse` runs: the command line with what
 * it reads, writes and serves by in Node. The build copies it to `cli/bin.js`.
 *
 * @module
 */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import process from "node:process";
import { Readable } from "node:stream";
import { main } from "./mod.js";
import { toNodeHandler } from "../node/mod.js";

const controller = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => controller.abort());
}
// Who reads the output may close it. Each write fails then, and that is enough to know.
for (const output of [process.stdout, process.stderr]) {
  output.on("error", () => {});
}

/** Starts a server of `node:http`. */
function listen({ hostname, port }, handler) {
  const server = createServer(toNodeHandler(handler));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      const { address, port } = server.address();
      const shutdown = () =>
        new Promise((resolve) => server.close(() => resolve()));
      resolve({ hostname: address, port, shutdown });
    });
  });
}

const stdout = new WritableStream({
  write: (chunk) =>
    new Promise((resolve, reject) => {
      process.stdout.write(
        chunk,
        (error) => error ? reject(error) : resolve(),
      );
    }),
});

const status = await main(process.argv.slice(2), {
  stdin: Readable.toWeb(process.stdin),
  stdout,
  report: (line) => void process.stderr.write(`${line}\n`),
  hasColors: process.stdout.isTTY === true && !process.env.NO_COLOR,
  isTerminal: process.stdout.isTTY === true && process.stderr.isTTY === true,
  signal: controller.signal,
  readFile,
  listen,
});
// What is left of standard input must not keep the process.
process.exit(status);
