// Copyright 2026 the Tidings authors. MIT license.

/**
 * The workloads that every bench runs: seeded event streams by name, what they
 * must decode to, and the ways to cut them into chunks.
 */

/** What one block must decode to. Peers give no `lastEventId`, so it is not here. */
export interface ExpectedEvent {
  event: string;
  data: string;
  id: string | undefined;
}

/** One event stream and all that it must decode to. */
export interface Workload {
  name: string;
  /** The blocks of the stream, comments too, in UTF-8. */
  blocks: Uint8Array<ArrayBuffer>[];
  /** The events that a right decoder dispatches. */
  events: ExpectedEvent[];
  /** UTF-16 code units in the data of all events: a cheap check of every timed run. */
  dataLength: number;
}

/** The shapes of TARGETS, in its order. */
export type WorkloadName = typeof WORKLOAD_NAMES[number];

/** How a stream is cut: `event` is one block a chunk. */
export type Chunking = "64KiB" | "1400B" | "event" | "16B" | "1B";

/** The names of all workloads. */
export const WORKLOAD_NAMES = [
  "openai",
  "anthropic",
  "ticks",
  "multiline",
  "mostly",
  "unicode",
  "crlf",
  "huge",
  "comments",
] as const;

/** The ways a stream is usually cut. */
export const USUAL_CHUNKINGS: readonly Chunking[] = [
  "64KiB",
  "1400B",
  "event",
];

/** Bytes for tiny chunks, each of which costs some 200 bytes of memory. */
export const TINY_CHUNKS_SIZE = 1 << 16;

const CHUNK_SIZES = {
  "64KiB": 65536,
  "1400B": 1400,
  "16B": 16,
  "1B": 1,
} as const;

const SEED = 20260101;
const DEFAULT_SIZE = 1 << 18;
const HUGE_LINE_SIZE = 4 << 20;
const ENCODER = new TextEncoder();
const ASCII_WORDS =
  " the| a| stream|ing| of| event|s|,| and| so| on|.| to| be| in"
    .split("|");
const UNICODE_WORDS =
  " поток| событий|、|服务器|发送|事件| 🌊|🎉|ответ|ストリーム| данных"
    .split("|");

/** The text of one block and what it must decode to, `undefined` if to nothing. */
interface Block {
  text: string;
  event: ExpectedEvent | undefined;
}

/** Makes the next block of a workload from its number and a random source. */
type BlockMaker = (index: number, random: () => number) => Block;

/**
 * Builds a workload of about `size` bytes (256 KiB unless told), the same for the
 * same arguments. `huge` is one data line of `size` bytes (4 MiB unless told).
 */
export function createWorkload(name: WorkloadName, size?: number): Workload {
  if (name === "huge") return createHuge(size ?? HUGE_LINE_SIZE);
  const random = createRandom(SEED);
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  const events: ExpectedEvent[] = [];
  let total = 0;
  let dataLength = 0;
  while (total < (size ?? DEFAULT_SIZE)) {
    const { text, event } = BLOCK_MAKERS[name](blocks.length, random);
    const bytes = ENCODER.encode(text);
    blocks.push(bytes);
    total += bytes.length;
    if (event === undefined) continue;
    events.push(event);
    dataLength += event.data.length;
  }
  return { name, blocks, events, dataLength };
}

/** Cuts a workload into chunks, each in a buffer of its own, as a socket gives them. */
export function cut(
  workload: Workload,
  chunking: Chunking,
): Uint8Array<ArrayBuffer>[] {
  if (chunking === "event") {
    return workload.blocks.map((block) => block.slice());
  }
  return cutBytes(join(workload.blocks), CHUNK_SIZES[chunking]);
}

/** Cuts bytes into chunks of `size` bytes, each in a buffer of its own. */
export function cutBytes(
  bytes: Uint8Array<ArrayBuffer>,
  size: number,
): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0; start < bytes.length; start += size) {
    chunks.push(bytes.slice(start, start + size));
  }
  return chunks;
}

/** A seeded source of numbers in [0, 1): mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const BLOCK_MAKERS: Record<Exclude<WorkloadName, "huge">, BlockMaker> = {
  openai: (_, random) => openaiBlock(pick(ASCII_WORDS, random)),
  anthropic: (_, random) => anthropicBlock(pick(ASCII_WORDS, random), "\n"),
  ticks(index) {
    const id = String(100000 + index);
    return {
      text: `id: ${id}\nevent: tick\ndata: 42\n\n`,
      event: { event: "tick", data: "42", id },
    };
  },
  multiline(_, random) {
    const lines = Array.from(
      { length: 20 },
      () => sentence(ASCII_WORDS, random),
    );
    return {
      text: lines.map((line) => `data: ${line}\n`).join("") + "\n",
      event: { event: "message", data: lines.join("\n"), id: undefined },
    };
  },
  mostly: (_, random) =>
    // Past U+00FF, so that the text around it needs two bytes a character.
    openaiBlock(random() < 1 / 40 ? " —" : pick(ASCII_WORDS, random)),
  unicode: (_, random) => openaiBlock(pick(UNICODE_WORDS, random)),
  crlf: (_, random) => anthropicBlock(pick(ASCII_WORDS, random), "\r\n"),
  comments: () => ({ text: ": keep-alive\n\n", event: undefined }),
};

function openaiBlock(content: string): Block {
  const data = JSON.stringify({
    id: "chatcmpl-BTidings0123456789abcdefghijk",
    object: "chat.completion.chunk",
    created: 1767225600,
    model: "gpt-4o-mini-2024-07-18",
    service_tier: "default",
    system_fingerprint: "fp_34a54ae93c",
    choices: [{
      index: 0,
      delta: { content },
      logprobs: null,
      finish_reason: null,
    }],
  });
  return {
    text: `data: ${data}\n\n`,
    event: { event: "message", data, id: undefined },
  };
}

function anthropicBlock(text: string, lineEnd: "\n" | "\r\n"): Block {
  const event = "content_block_delta";
  const data = JSON.stringify({
    type: event,
    index: 0,
    delta: { type: "text_delta", text },
  });
  return {
    text: `event: ${event}${lineEnd}data: ${data}${lineEnd}${lineEnd}`,
    event: { event, data, id: undefined },
  };
}

function createHuge(size: number): Workload {
  const random = createRandom(SEED);
  const words: string[] = [];
  for (let length = 0; length < size; length += words.at(-1)!.length) {
    words.push(pick(ASCII_WORDS, random));
  }
  const data = words.join("").slice(0, size);
  return {
    name: "huge",
    blocks: [ENCODER.encode(`data: ${data}\n\n`)],
    events: [{ event: "message", data, id: undefined }],
    dataLength: data.length,
  };
}

function sentence(words: readonly string[], random: () => number): string {
  return Array.from({ length: 10 }, () => pick(words, random)).join("");
}

function pick(words: readonly string[], random: () => number): string {
  return words[Math.floor(random() * words.length)]!;
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
