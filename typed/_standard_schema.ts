// Copyright 2026 the Tidings authors. MIT license.

/**
 * The interface by which schemas of any library can be used, as
 * [Standard Schema](https://standardschema.dev) 1 defines it: zod, valibot, arktype
 * and others implement it. There is no behaviour here.
 *
 * @module
 */

/**
 * A schema: what implements version 1 of the interface.
 *
 * @typeParam Input What fits the schema.
 * @typeParam Output What the schema makes of it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** All that the interface asks for. */
  readonly "~standard": StandardSchemaProperties<Input, Output>;
}

/** The properties of a {@linkcode StandardSchema}. */
export interface StandardSchemaProperties<Input = unknown, Output = Input> {
  /** The version of the interface. */
  readonly version: 1;
  /** The library that the schema comes from. */
  readonly vendor: string;
  /** Checks a value, and gives what the schema makes of it. */
  readonly validate: (
    value: unknown,
  ) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>;
  /** For the compiler alone: what fits, and what comes out. */
  readonly types?:
    | { readonly input: Input; readonly output: Output }
    | undefined;
}

/** What a schema says of a value: what it makes of it, or what is wrong. */
export type StandardSchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardSchemaIssue[] };

/** One thing that is wrong with a value. */
export interface StandardSchemaIssue {
  /** What is wrong, in the words of the schema's library. */
  readonly message: string;
  /** Where it is wrong: the names and indices from the value down to the place. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/** What fits a schema. */
export type SchemaInput<Schema extends StandardSchema> = NonNullable<
  Schema["~standard"]["types"]
>["input"];

/** What a schema makes of what fits it. */
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<
  Schema["~standard"]["types"]
>["output"];
