// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the functions of `@std/streams` that our tests and examples use give: the real
 * ones where they are there, and what stands in for them.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import * as real from "@std/streams";
import { manualSource, streamOf } from "../support/sources.ts";
import { within } from "../support/within.ts";
import * as standIn from "./streams.ts";

type Streams = typeof standIn;

const BYTES = new TextEncoder().encode("aé😀");

/** Chunks of text, and the lines that they are. */
const LINES: [name: string, chunks: string[], lines: string[]][] = [
  ["no text", [], []],
  ["a line without an end", ["a"], ["a"]],
  ["a line with an end", ["a\n"], ["a"]],
  ["lines in one chunk", ["a\nb\nc"], ["a", "b", "c"]],
  ["a line in many chunks", ["a", "b", "c\n", "d"], ["abc", "d"]],
  ["empty lines", ["\n\na\n\n"], ["", "", "a", ""]],
  ["CRLF", ["a\r\nb\r\n"], ["a", "b"]],
  ["CRLF in two chunks", ["a\r", "\nb"], ["a", "b"]],
  ["CR, which is text", ["a\rb\n"], ["a\rb"]],
  ["CR at the end", ["a\r"], ["a\r"]],
  ["CR in two chunks", ["a\r", "b\n"], ["a\rb"]],
  ["CR before CRLF", ["a\r\r\n"], ["a\r"]],
  ["U+2028, which is text", ["a\u2028b\n"], ["a\u2028b"]],
  ["empty chunks", ["", "a", "", "\n", ""], ["a"]],
];

/** The same with `allowCR`. */
const CR_LINES: typeof LINES = [
  ["CR", ["a\rb"], ["a", "b"]],
  ["CR at the end", ["a\r"], ["a"]],
  ["CR in two chunks", ["a\r", "b"], ["a", "b"]],
  ["CRLF in two chunks", ["a\r", "\nb"], ["a", "b"]],
  ["all three", ["a\rb\nc\r\nd"], ["a", "b", "c", "d"]],
];

const isOffline = real.toText === standIn.toText;
const packages: [name: string, streams: Streams][] = isOffline
  ? [["the stand-in", standIn]]
  : [["the stand-in", standIn], ["@std/streams", real]];

for (
  const [name, { toText, mergeReadableStreams, TextLineStream }] of packages
) {
  for (const allowCR of [false, true]) {
    for (const [title, chunks, lines] of allowCR ? CR_LINES : LINES) {
      const option = allowCR ? " with allowCR" : "";
      Deno.test(`${name}: TextLineStream${option} of ${title}`, async () => {
        const stream = streamOf(chunks)
          .pipeThrough(new TextLineStream({ allowCR }));
        assertEquals(await Array.fromAsync(stream), lines);
      });
    }
  }

  Deno.test(`${name}: TextLineStream gives a line before the next chunk`, async () => {
    const text = new TransformStream<string, string>();
    const reader = text.readable.pipeThrough(new TextLineStream()).getReader();
    const writer = text.writable.getWriter();
    const line = reader.read();
    await writer.write("a\nb");
    assertEquals(
      await within("the line", line),
      { done: false, value: "a" },
    );
    await writer.close();
    assertEquals(await reader.read(), { done: false, value: "b" });
  });

  Deno.test(`${name}: toText() decodes characters that are split`, async () => {
    const bytes = streamOf([...BYTES].map((byte) => Uint8Array.of(byte)));
    assertEquals(await toText(bytes), "aé😀");
    assertEquals(await toText(streamOf(["a", "", "b"])), "ab");
    assertEquals(await toText(streamOf<string>([])), "");
    const cut = streamOf([BYTES.slice(0, 2)]);
    assertEquals(await toText(cut), "a\uFFFD");
  });

  Deno.test(`${name}: toText() rejects as its stream does`, async () => {
    const source = manualSource();
    const text = toText(source.stream);
    source.send("a");
    source.fail(new RangeError("it ends"));
    await assertRejects(() => text, RangeError, "it ends");
  });

  Deno.test(`${name}: mergeReadableStreams() gives the chunks of all, and ends after the last`, async () => {
    const merged = mergeReadableStreams(
      streamOf([1, 2]),
      streamOf<number>([]),
      streamOf([3]),
    );
    assertEquals((await Array.fromAsync(merged)).sort(), [1, 2, 3]);
  });

  Deno.test(`${name}: mergeReadableStreams() gives a chunk while another stream is silent`, async () => {
    const silent = manualSource();
    const source = manualSource();
    const reader = mergeReadableStreams(silent.stream, source.stream)
      .getReader();
    source.send("a");
    const { value } = await within("the chunk", reader.read());
    assertEquals(value, new TextEncoder().encode("a"));
    source.end();
    silent.end();
    assertEquals((await within("the end", reader.read())).done, true);
  });

  Deno.test(`${name}: mergeReadableStreams() fails as the first of its streams`, async () => {
    const source = manualSource();
    const reader = mergeReadableStreams(manualSource().stream, source.stream)
      .getReader();
    source.fail(new RangeError("it ends"));
    await assertRejects(() => reader.read(), RangeError, "it ends");
  });
}
