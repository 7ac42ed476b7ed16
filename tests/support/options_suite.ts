// Copyright 2026 the Tidings authors. MIT license.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { CODEC, type Codec } from "../../_server/compression.ts";
import type { EventCompression } from "../../server.ts";

/** A compression for no client: `node:zlib` is not in every runtime. */
export const COMPRESSION: EventCompression = {
  coding: "gzip",
  [CODEC]: { accepts: () => false } as Partial<Codec> as Codec,
};

/** What takes options, and how to call it. */
export interface OptionsSuite<Options> {
  /** What the tests are named after, such as `serveEvents()`. */
  name: string;
  /** The option whose members these options are. Left out, they are the options themselves. */
  path?: string;
  /** Calls what takes the options, and releases what it returns. */
  call: (options: Options) => unknown;
  /** A right value of each option; all of them can be given at once. */
  right: { [Name in keyof Options]-?: NonNullable<Options[Name]> };
  /** A value of a wrong type for each option, `undefined` where any type is right. */
  wrong: { [Name in keyof Options]-?: unknown };
  /** Options without which no call is right. */
  base?: Partial<Options>;
  /** Whether `null` stands for options that are left out. */
  takesNull?: boolean;
  /** Whether right options are not tried, since the call needs more than a test has. */
  refusesOnly?: boolean;
  /** Whether a function may stand in the place of these options. */
  mayBeFunction?: boolean;
}

/** Tests that options are checked: the same for all rooms. */
export function testOptions<Options extends object>(
  suite: OptionsSuite<Options>,
): void {
  const { name, path, call, right, wrong, base, mayBeFunction } = suite;
  const prefix = path === undefined ? "" : `${path}.`;
  const names = Object.keys(right);
  const attempt = async (options: unknown): Promise<void> => {
    await call(options as Options);
  };
  const refuse = async (options: unknown, ...texts: string[]) => {
    const error = await assertRejects(() => attempt(options), TypeError);
    for (const text of texts) {
      assert(error.message.includes(text), `${error.message} names ${text}`);
    }
    assert(error.message.startsWith("Cannot "), error.message);
  };

  for (const option of names) {
    Deno.test(`${name} refuses a misspelt "${prefix}${option}"`, async () => {
      for (const misspelt of misspell(option)) {
        if (names.includes(misspelt)) continue;
        await refuse(
          { ...base, [misspelt]: (right as Record<string, unknown>)[option] },
          JSON.stringify(prefix + misspelt),
          JSON.stringify(prefix + option),
        );
      }
    });
  }

  for (const [option, value] of Object.entries(wrong)) {
    if (value === undefined) continue;
    Deno.test(`${name} refuses a "${prefix}${option}" of a wrong type`, async () => {
      await refuse(
        { ...base, [option]: value },
        `"${prefix}${option}`,
        ", got ",
      );
    });
  }

  Deno.test(`${name} refuses an option that is like no other`, async () => {
    await refuse({ ...base, qqqqqqqqq: null }, `"${prefix}qqqqqqqqq"`);
  });

  Deno.test(`${name} refuses options that are no object`, async () => {
    const values = suite.takesNull ? [] : [null];
    for (const value of [...values, 5, "text", true, [], () => {}, Symbol()]) {
      if (mayBeFunction && typeof value === "function") continue;
      await refuse(value, `"${path ?? "options"}" to be an object`);
    }
  });

  if (suite.refusesOnly) return;

  Deno.test(`${name} takes all options from getters, and reads each once`, async () => {
    const reads: string[] = [];
    await attempt(makeGetters(right, (name) => reads.push(name)));
    assertEquals(reads.sort(), names.toSorted());
  });

  Deno.test(`${name} takes options of any kind of object`, async () => {
    const options = { ...base, ...right };
    class WithPrivateField {
      #options = options;
      other() {}
      static {
        for (const name of names as (keyof Options)[]) {
          Object.defineProperty(this.prototype, name, {
            get(this: WithPrivateField) {
              return this.#options[name];
            },
          });
        }
      }
    }
    const objects: Record<string, unknown> = {
      plain: options,
      frozen: Object.freeze({ ...options }),
      inherited: Object.create(options),
      "without a prototype": Object.assign(Object.create(null), options),
      proxy: new Proxy(options, {}),
      "with a private field": new WithPrivateField(),
    };
    for (const object of Object.values(objects)) await attempt(object);
  });

  Deno.test(`${name} ignores what is undefined, inherited, a symbol or not enumerable`, async () => {
    const options = Object.create({ inheritedxyz: 1 });
    Object.assign(options, base, { undefinedxyz: undefined, [Symbol()]: 1 });
    for (const option of names) options[option] ??= undefined;
    Object.defineProperty(options, "hiddenxyz", { value: 1 });
    await attempt(options);
  });
}

/** Gives neighbours of a name: a letter too many, another case, one too few. */
function misspell(name: string): string[] {
  const other = name === name.toLowerCase()
    ? name.toUpperCase()
    : name.toLowerCase();
  return [
    `${name}s`,
    other,
    name.slice(0, -1),
    `${name[1]}${name[0]}${name.slice(2)}`,
  ];
}

/** Makes an object whose class has the options as getters. */
function makeGetters(options: object, onRead: (name: string) => void): object {
  const prototype = {};
  for (const [name, value] of Object.entries(options)) {
    Object.defineProperty(prototype, name, {
      get: () => {
        onRead(name);
        return value;
      },
      enumerable: true,
    });
  }
  return Object.create(prototype);
}
