// Copyright 2026 the Tidings authors. MIT license.

/**
 * The kinds and the checks of the options that `zstd()` and `brotli()` share.
 *
 * @module
 */

import { type OptionKinds, readOptions } from "../_options.ts";
import { assertInteger, assertLimit } from "../_validate.ts";

/** A number for each option. */
export interface CompressorNumbers {
  level: number;
  windowBits: number;
  maxCompressors: number;
}

/** The options of either. */
export type CompressorOptions = {
  readonly [Name in keyof CompressorNumbers]?: number | undefined;
};

/** The kinds of {@linkcode CompressorOptions}. */
export const COMPRESSOR_OPTIONS: OptionKinds<CompressorOptions> = {
  level: "any",
  windowBits: "any",
  maxCompressors: "any",
};

/**
 * Checks the options, and fills in the defaults.
 *
 * @param verb What fails otherwise.
 * @param largest The largest numbers that are allowed.
 * @throws {TypeError} If an option is unknown or not a number.
 * @throws {RangeError} If an option is outside its range.
 */
export function checkCompressorOptions(
  verb: string,
  options: CompressorOptions,
  defaults: CompressorNumbers,
  largest: Pick<CompressorNumbers, "level" | "windowBits">,
): CompressorNumbers {
  const {
    level = defaults.level,
    windowBits = defaults.windowBits,
    maxCompressors = defaults.maxCompressors,
  } = readOptions(verb, options, COMPRESSOR_OPTIONS);
  assertInteger(verb, "level", level, 1, largest.level);
  assertInteger(verb, "windowBits", windowBits, 10, largest.windowBits);
  assertLimit(verb, "maxCompressors", maxCompressors, 0);
  return { level, windowBits, maxCompressors };
}
