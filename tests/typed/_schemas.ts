// Copyright 2026 the Tidings authors. MIT license.

/** Schemas of our own, for tests that run where no package is to be had. */

import type { StandardSchema, StandardSchemaResult } from "../../typed/mod.ts";

/** Makes a schema of a function. */
export function schema<Output, Input = Output>(
  validate: (
    value: unknown,
  ) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>,
): StandardSchema<Input, Output> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

/** `{ price: number }`, and nothing else. */
export const TICK: StandardSchema<{ price: number }> = schema((value) =>
  typeof value === "object" && value !== null && "price" in value &&
    typeof value.price === "number"
    ? { value: { price: value.price } }
    : { issues: [{ message: "A number is wanted", path: ["price"] }] }
);

/** `null`. */
export const NOTHING: StandardSchema<null> = schema((value) =>
  value === null
    ? { value }
    : { issues: [{ message: "null is wanted" }, { message: "Really" }] }
);

/** A schema that answers as another does, once the test lets it. */
export class LateSchema<Input, Output>
  implements StandardSchema<Input, Output> {
  readonly "~standard": StandardSchema<Input, Output>["~standard"];
  /** The calls that wait, in their order. */
  readonly calls: (() => void)[] = [];

  constructor(other: StandardSchema<Input, Output>) {
    this["~standard"] = {
      version: 1,
      vendor: "test",
      validate: async (value) => {
        await new Promise<void>((resolve) => this.calls.push(resolve));
        return await other["~standard"].validate(value);
      },
    };
  }
}
