// Copyright 2026 the Tidings authors. MIT license.

/**
 * What a process prints, line by line, for tests that wait for a line of it.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import { within } from "./within.ts";

/** The lines of an output, for one reader. The reader cancels them. */
export type Lines = ReadableStreamDefaultReader<string>;

/** Splits what a process prints into lines. */
export function linesOf(
  output: ReadableStream<Uint8Array<ArrayBuffer>>,
): ReadableStream<string> {
  return output
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
}

/**
 * Waits for a line that a pattern describes.
 *
 * @returns The match.
 * @throws {Error} If the output ends before, with what it was.
 */
export async function findLine(
  lines: Lines,
  pattern: RegExp,
): Promise<RegExpExecArray> {
  const before: string[] = [];
  for (;;) {
    const { done, value } = await within(`${pattern}`, lines.read());
    if (done) throw new Error(`${pattern} never came: ${before.join("\n")}`);
    const match = pattern.exec(value);
    if (match !== null) return match;
    before.push(value);
  }
}
