// Copyright 2026 the Tidings authors. MIT license.

/**
 * The types of [Standard Schema](https://standardschema.dev) 1, the interface of schemas
 * that zod, valibot, arktype and others implement. There is no behaviour here.
 *
 * @module
 */

/**
 * A schema.
 *
 * @typeParam Input The type of a value that fits the schema.
 * @typeParam Output The type of the schema's output.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** All members of the interface. */
  readonly "~standard": StandardSchemaProperties<Input, Output>;
}

/** The properties of a {@linkcode StandardSchema}. */
export interface StandardSchemaProperties<Input = unknown, Output = Input> {
  /** The version of the interface. */
  readonly version: 1;
  /** The name of the schema's library. */
  readonly vendor: string;
  /** Checks a value, and gives the output for it. */
  readonly validate: (
    value: unknown,
  ) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>;
  /** For the compiler only: the types of input and output. */
  readonly types?:
    | { readonly input: Input; readonly output: Output }
    | undefined;
}

/** The result of a check: the output, or what is wrong with the value. */
export type StandardSchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardSchemaIssue[] };

/** One thing that is wrong with a value. */
export interface StandardSchemaIssue {
  /** What is wrong, as the schema's library words it. */
  readonly message: string;
  /** Where it is wrong: the names and indices from the value to the part that is wrong. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/** The type of a value that fits a schema. */
export type SchemaInput<Schema extends StandardSchema> = NonNullable<
  Schema["~standard"]["types"]
>["input"];

/** The type of a schema's output. */
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<
  Schema["~standard"]["types"]
>["output"];
