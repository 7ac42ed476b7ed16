// Copyright 2026 the Tidings authors. MIT license.

/**
 * Finds the body of a request that other code has read before the bridge: a body parser
 * of Express, NestJS, Fastify and others. Its `"data"` and `"end"` do not come again, so
 * what the parser has left stands in for it. `toRequest()` calls it.
 *
 * @module
 */

import type { NodeRequest } from "./_node_types.ts";
import { EarlierReadError } from "../_server/earlier_read.ts";
import { quote } from "../_validate.ts";
import { ENCODER } from "../_platform_class.ts";

/** A body that other code has left in memory. */
export interface LeftBody {
  bytes: Uint8Array<ArrayBuffer>;
  /** Whether it was text or an object: then the bytes are UTF-8, whatever they were. */
  isText: boolean;
}

const JSON_TYPE_REGEXP = /[/+]json$/;
const FORM_TYPE = "application/x-www-form-urlencoded";
const LENGTH_REGEXP = /^\d{1,15}$/;
const CHARSET_REGEXP = /(;\s*charset\s*=\s*)("[^"]*"|[^\s;]+)/i;

/** Makes the error of a body that other code has read in part. */
export function makePartlyReadError(): EarlierReadError {
  return new EarlierReadError("other code has read a part of it");
}

/**
 * Finds what is left of a request's body.
 *
 * @param incoming The request.
 * @returns What stands in for the body; the error with which reading it fails; or
 * `undefined` if the body can still be read from the request.
 */
export function findLeftBody(
  incoming: NodeRequest,
): LeftBody | EarlierReadError | undefined {
  if (incoming.readableEnded !== true) {
    return incoming.readableDidRead !== true || isPutBack(incoming)
      ? undefined
      : makePartlyReadError();
  }
  // It has ended without any data.
  if (incoming.readableDidRead === false) return makeText("");
  try {
    // Read once each: some platforms parse the body in a getter, which may throw.
    const { rawBody, body } = incoming;
    return restoreRaw(rawBody) ?? restoreParsed(body, incoming) ??
      makeError(body, incoming);
  } catch (error) {
    return makeError(undefined, incoming, error);
  }
}

/**
 * Reads how many bytes a request announces.
 *
 * @param incoming The request.
 * @returns The number of `content-length`; `undefined` if there is none.
 */
export function readAnnouncedLength(
  { headers: { "content-length": length } }: NodeRequest,
): number | undefined {
  return LENGTH_REGEXP.test(String(length)) ? Number(length) : undefined;
}

/**
 * Makes the headers of a request fit for the body that stands in for its own. Otherwise
 * a proxy would announce a wrong length, and a handler decompress what a parser has
 * decompressed.
 *
 * @param headers The headers.
 * @param left The body.
 */
export function adaptHeaders(
  headers: Headers,
  { bytes, isText }: LeftBody,
): void {
  const length = headers.get("content-length");
  const isAsSent = !isText && length === String(bytes.length);
  if (length !== null) headers.set("content-length", String(bytes.length));
  // Parsers leave the decompressed body; code that gathers the bytes leaves them as sent.
  if (!isAsSent) headers.delete("content-encoding");
  const type = headers.get("content-type");
  if (isText && type !== null) {
    headers.set("content-type", type.replace(CHARSET_REGEXP, "$1utf-8"));
  }
}

/**
 * Tells whether what other code has read may be in the request's buffer again: it has
 * looked at the first bytes and put them back. The length then shows whether it is all.
 */
function isPutBack(incoming: NodeRequest): boolean {
  return (incoming.readableLength ?? 0) > 0 &&
    readAnnouncedLength(incoming) !== undefined;
}

/** Takes bytes or text as they are. Empty, they are not a body that had data. */
function restoreRaw(value: unknown): LeftBody | undefined {
  if (typeof value === "string" && value !== "") return makeText(value);
  // Not `instanceof`: a `Buffer` of another realm is none, as in tests by Jest.
  if (!ArrayBuffer.isView(value) || value.byteLength === 0) return undefined;
  const { buffer, byteOffset, byteLength } = value;
  const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  return { bytes, isText: false };
}

/** Takes what a parser has left, if only one body can have been it. */
function restoreParsed(
  value: unknown,
  incoming: NodeRequest,
): LeftBody | undefined {
  if (value === undefined) return undefined;
  const type = readMediaType(incoming);
  const length = readAnnouncedLength(incoming);
  if (JSON_TYPE_REGEXP.test(type) && !ArrayBuffer.isView(value)) {
    return restoreJson(value, length);
  }
  if (type === FORM_TYPE && typeof value === "object" && value !== null) {
    return restoreForm(value, length) ?? restoreRaw(value);
  }
  return restoreRaw(value);
}

/**
 * Writes a value as JSON. A string is either the text of the body, or what
 * `express.json({ strict: false })` makes of a body that is a string.
 */
function restoreJson(
  value: unknown,
  length: number | undefined,
): LeftBody | undefined {
  const json: string | undefined = JSON.stringify(value);
  const parsed = json === undefined ? undefined : makeText(json);
  if (typeof value !== "string") return parsed;
  const text = makeText(value);
  if (text.bytes.length === length) return text;
  if (parsed?.bytes.length === length) return parsed;
  return isJson(value) ? text : undefined;
}

/** Writes the fields of a form, unless other forms give the same object. */
function restoreForm(
  fields: object,
  length: number | undefined,
): LeftBody | undefined {
  if (ArrayBuffer.isView(fields)) return undefined;
  const form = new URLSearchParams();
  let isFlat = true;
  for (const [name, value] of Object.entries(fields)) {
    isFlat &&= typeof value === "string";
    for (const each of Array.isArray(value) ? value : [value]) {
      if (typeof each !== "string") return undefined;
      form.append(name, each);
    }
  }
  const text = makeText(String(form));
  // "a=1&a=2" and "a[]=1&a[]=2" give the same object, but not the same length.
  return isFlat || text.bytes.length === length ? text : undefined;
}

function makeText(text: string): LeftBody {
  return { bytes: ENCODER.encode(text), isText: true };
}

function makeError(
  body: unknown,
  incoming: NodeRequest,
  cause?: unknown,
): EarlierReadError {
  const type = readMediaType(incoming);
  return new EarlierReadError(
    `other code has read it, expected its bytes or text in "rawBody" or "body", got ${
      quote(body)
    } for ${type === "" ? "no content-type" : quote(type)}`,
    cause === undefined ? {} : { cause },
  );
}

function readMediaType({ headers }: NodeRequest): string {
  const [type = ""] = String(headers["content-type"] ?? "").split(";");
  return type.trim().toLowerCase();
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
