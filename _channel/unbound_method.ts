// Copyright 2026 the Tidings authors. MIT license.

/**
 * The error of a method that is called without its object. Channels and runs throw it.
 *
 * @module
 */

import { describeMismatch } from "../_validate.ts";

/**
 * Makes the error of a method of a channel that is called without it, such as `serve` in
 * `const { serve } = channel`.
 *
 * @param verb What fails.
 * @param self What the method is called on.
 * @param method The name of the method; left out, it is the first word of `verb`.
 * @param type The class, after an article.
 * @param name What an object of the class is called.
 */
export function makeUnboundError(
  verb: string,
  self: unknown,
  method = verb.split(" ")[0],
  type = "an EventChannel",
  name = "channel",
): TypeError {
  const mismatch = describeMismatch(verb, "this", type, self);
  return new TypeError(`${mismatch}: call it as "${name}.${method}()"`);
}
