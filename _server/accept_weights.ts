// Copyright 2026 the Tidings authors. MIT license.

/**
 * Reads the weights (`q`) of `Accept` and `Accept-Encoding` (RFC 9110, section 12.4.2),
 * for `negotiate()` and for compression.
 *
 * @module
 */

/**
 * Reads the weights of a header.
 *
 * @param header The value of the header.
 * @returns The weight of each item, in lower case and without its parameters. A
 * weight that is not a number counts as 1. Of an item that occurs twice, the greater
 * weight counts.
 */
export function readWeights(header: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const entry of header.toLowerCase().split(",")) {
    const [item = "", ...parameters] = entry.split(";").map((s) => s.trim());
    const weight = readWeight(parameters);
    weights.set(item, Math.max(weight, weights.get(item) ?? 0));
  }
  return weights;
}

function readWeight(parameters: readonly string[]): number {
  const text = parameters.find((parameter) => parameter.startsWith("q="));
  const weight = text === undefined ? 1 : Number(text.slice(2) || NaN);
  return Number.isNaN(weight) ? 1 : weight;
}
