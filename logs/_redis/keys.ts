// Copyright 2026 the Tidings authors. MIT license.

/**
 * The keys of logs in Redis. Those that one command names are in one slot of a cluster,
 * whatever the text holds that they are made of.
 *
 * @module
 */

/** The keys of a name. */
export interface NameKeys {
  /** What the keys of all names in the same slot begin with. */
  readonly slotPrefix: string;
  readonly stream: string;
  readonly lease: string;
  readonly writers: string;
}

/** How many slots a cluster has. */
const SLOTS = 16_384;
const ENCODER = new TextEncoder();

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
  // Redis takes no empty tag, and no other name has a lone `%`.
  const tag = first === "" ? "%" : first;
  const tagged = `${prefix}{${tag}}`;
  // After `{}`, which such a prefix has, Redis looks for no other tag.
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
 * `news:writer:1` would be anywhere, and is `{news}:writer:1`. A key with a hash tag of
 * its own keeps it: `app:{news}:writer:1`.
 *
 * @param key The key, which stays as it is.
 * @param suffix What the other one ends with.
 */
export function makeKeyBeside(key: string, suffix: string): string {
  if (tagOf(key) !== undefined) return `${key}:${suffix}`;
  // All of the key decides. As a tag, it would end at its first brace.
  return key === "" || key.includes("}")
    ? `{${findTag(slotOf(key))}}:${key}:${suffix}`
    : `{${key}}:${suffix}`;
}

/** The slot of a key, as Redis finds it. */
export function slotOf(key: string): number {
  return crc16(ENCODER.encode(tagOf(key) ?? key)) % SLOTS;
}

/** The part of a key that decides its slot, `undefined` if all of it does. */
function tagOf(key: string): string | undefined {
  const begin = key.indexOf("{") + 1;
  const end = begin === 0 ? -1 : key.indexOf("}", begin);
  return end > begin ? key.slice(begin, end) : undefined;
}

/** Finds a text of digits in a slot: the 16 384th or so that is tried. */
function findTag(slot: number): string {
  for (let i = 0;; i++) {
    if (crc16(ENCODER.encode(String(i))) % SLOTS === slot) return String(i);
  }
}

/** CRC-16/XMODEM: the specification of Redis Cluster names it. */
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
