// Copyright 2026 the Tidings authors. MIT license.

/**
 * The keys of logs in Redis. The keys that one command names are in one slot of a cluster,
 * whatever characters the prefix and the name have.
 *
 * @module
 */

import { ENCODER } from "../../_platform_class.ts";

/** The keys of a name. */
export interface NameKeys {
  /** The common prefix of the keys of all names with the same hash tag. */
  readonly slotPrefix: string;
  readonly stream: string;
  readonly lease: string;
  readonly writers: string;
}

/** How many slots a cluster has. */
const SLOTS = 16_384;

/**
 * Makes the keys of a name. Names with the same text before U+0000 share a slot.
 *
 * `answers:{alice}`, `answers:{alice}:lease` and `answers:{alice}:writers` belong to the
 * name `alice`, and `answers:{alice}/stop` to `alice\0stop`. In a name, `%`, `{`, `}`, `:`
 * and `/` are percent-encoded, and U+0000 is `/`: no two names share a key.
 */
export function makeKeys(prefix: string, name: string): NameKeys {
  const [first = "", ...rest] = name
    .replaceAll(/[%{}:/]/g, encodeURIComponent).split("\0");
  // Redis ignores an empty tag, and no other name has a lone `%`.
  const tag = first === "" ? "%" : first;
  const tagged = `${prefix}{${tag}}`;
  // Such a prefix has `{}`, after which Redis looks for no other tag.
  const slotPrefix = tagOf(tagged) === undefined ? `{${tag}}${tagged}` : tagged;
  const stream = [slotPrefix, ...rest].join("/");
  return {
    slotPrefix,
    stream,
    lease: `${stream}:lease`,
    writers: `${stream}:writers`,
  };
}

/**
 * Makes a key beside another one, in the same slot.
 *
 * `news:writer:1` may be in any slot, so the key is `{news}:writer:1`. A key with a hash
 * tag of its own keeps it: `app:{news}:writer:1`.
 *
 * @param key The key, which is not changed.
 * @param suffix The end of the new key.
 */
export function makeKeyBeside(key: string, suffix: string): string {
  if (tagOf(key) !== undefined) return `${key}:${suffix}`;
  // The whole key decides its slot, and as a tag it would end at its first brace.
  return key === "" || key.includes("}")
    ? `{${findTag(slotOf(key))}}:${key}:${suffix}`
    : `{${key}}:${suffix}`;
}

/** Computes the slot of a key, as Redis does. */
export function slotOf(key: string): number {
  return crc16(ENCODER.encode(tagOf(key) ?? key)) % SLOTS;
}

/** The part of a key that decides its slot, `undefined` if the whole key does. */
function tagOf(key: string): string | undefined {
  const begin = key.indexOf("{") + 1;
  const end = begin === 0 ? -1 : key.indexOf("}", begin);
  return end > begin ? key.slice(begin, end) : undefined;
}

/** Finds digits with a given slot, after about 16 384 attempts. */
function findTag(slot: number): string {
  for (let i = 0;; i++) {
    if (crc16(ENCODER.encode(String(i))) % SLOTS === slot) return String(i);
  }
}

/** CRC-16/XMODEM, as the specification of Redis Cluster says. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x8000) !== 0 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    crc &= 0xffff;
  }
  return crc;
}
