// Copyright 2026 the Tidings authors. MIT license.

/**
 * The sizes by which the parser cuts, keeps and counts text, and what is read of a refusal.
 * A module of its own, without imports: a bundler writes its numbers where they are used.
 *
 * @module
 */

/**
 * A window ends after the first line break that follows so many bytes. Smaller windows
 * cost more calls; larger ones keep more memory, since a short slice keeps its whole
 * window. Text that is not ASCII takes two bytes for a code unit, so a window has half as
 * much of it.
 */
export const WINDOW_LENGTH = 15 * 1024;
export const WIDE_WINDOW_LENGTH = WINDOW_LENGTH / 2;

/**
 * Chunks of at most so many bytes are gathered until a line ends: decoding costs about
 * 150 ns a call, however short the chunk is.
 */
export const SMALL_LENGTH = 64;
export const GATHERED_LENGTH = 1024;

/**
 * After so many code units, the consumer copies what it keeps of them. Until then each
 * line without a value may cost it 90 bytes, and each slice its whole window: 5 MiB
 * together. Copying after 64 Ki units would slow the decoding by 1 to 2 %.
 */
export const COMPACT_AFTER = 256 * 1024;

/**
 * The longest window within a long line, and of text. As one window, a chunk of 16 MiB that
 * ends a long line and goes on with lines without a value would cost 270 MB.
 */
export const LARGE_WINDOW_LENGTH = 64 * 1024;

/**
 * An event type, an ID and a last event ID count towards `maxEventSize` from this length
 * on. Counting shorter ones too would cost 3 % of the decoding of small events.
 */
export const LONG_NAME_LENGTH = 1024;

/**
 * The longest field name that the hot loop reads, "event", with a colon and a space.
 */
export const NAME_LENGTH = 7;

/** UTF-16 code units of the beginning of a stream that an error has at most. */
export const HEAD_LENGTH = 1024;

/** How large an event may grow by default, in UTF-16 code units. */
export const DEFAULT_MAX_EVENT_SIZE = 16 * 1024 * 1024;

/** UTF-16 code units from which a piece of a rope costs at most 5 % more than its text. */
export const BLOCK_LENGTH = 1024;

/**
 * Bytes that are parsed at once. A chunk of 16 MiB may hold 2.8 million events, which take
 * 150 MB; no runtime's fetch gives chunks that are larger than this.
 */
export const PART_LENGTH = 64 * 1024;

/** How much is read of a refusal's body: bytes, and milliseconds. */
export const BODY_SIZE = 1024;
export const BODY_TIMEOUT = 1000;

/** Bytes of the buffer that the chunks of a body are read into. */
export const BODY_BUFFER_LENGTH = 64 * 1024;
