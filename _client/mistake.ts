// Copyright 2026 the Tidings authors. MIT license.

/**
 * Tells what a network cannot be blamed for, for the requests of connections and sockets.
 *
 * @module
 */

// The beginnings of the names of errors that are JavaScript's and the platform's; the two last
// ones are undici's, for a header that it never sends. A TypeError may also be the network's,
// since fetch throws one for each failure. All engines write of mistakes in English, while
// WebKit translates what it writes of the network, so that the mistakes are what can be told.
// Each pattern of a text has a space, as no URL within it has.
const MISTAKE_REGEXP =
  /^(Refere|RangeE|Syntax|URIE|EvalE|InternalE|DataCl|InvalidCh|InvalidAr|NotSupp|TypeError(: [A-Z]\w+\.\w+: |.*( not (an? |iter|ext)| is (null|undef)| (called on|only call|BigInt|'in|read.?only|const|circ|cyc)|can't |annot (read|set|conv|des|have|del|redef|be [dp])|Failed to (exec|cons)|header (name|val)|Body )))/;

/**
 * Whether an error of a request shows a mistake in a program, so that each attempt would fail.
 *
 * @param error What the request has failed with.
 */
export function isMistake(error: unknown): boolean {
  return says(MISTAKE_REGEXP, error);
}

/** Whether the text of an error, or of its cause, where some runtimes put it, matches. */
export function says(regexp: RegExp, error: unknown): boolean {
  return [error, Object(error).cause].some((part) => regexp.test(String(part)));
}
