// Copyright 2026 the Tidings authors. MIT license.

/**
 * Lists the public API by name: each export of `deno.json` with its symbols, their
 * parameters and members, what interfaces extend, and the strings of string unions.
 * `scripts/public_api.ts` writes the list, and `tests/package/public_api_test.ts` holds it.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { runTool } from "./_run_tool.ts";

interface Named {
  name?: string;
  optional?: boolean;
  isStatic?: boolean;
  accessibility?: string;
  kind?: string;
  arg?: Named;
  left?: Named;
}

interface TypeOf {
  kind: string;
  repr?: string;
  value: unknown;
}

interface Definition {
  params?: Named[];
  properties?: Named[];
  methods?: Named[];
  tsType?: TypeOf;
  /** Of an interface; of a class it is the name of its superclass. */
  extends?: string | TypeOf[];
}

interface Declaration {
  kind: string;
  declarationKind: string;
  def?: Definition;
}

interface Documentation {
  nodes: Record<
    string,
    { symbols: { name: string; declarations: Declaration[] }[] }
  >;
}

/** Lists what each export has, in the order of `deno.json` and of the alphabet. */
export async function listPublicApi(): Promise<string> {
  const lists: string[] = [];
  for (const [name, file] of Object.entries(config.exports)) {
    const json = await runTool(Deno.execPath(), ["doc", "--json", file]);
    const { nodes }: Documentation = JSON.parse(json);
    const symbols = Object.values(nodes).flatMap(({ symbols }) => symbols);
    const lines = symbols
      .filter(({ declarations }) =>
        declarations.some(({ declarationKind }) => declarationKind === "export")
      )
      .map(({ name, declarations }) => describe(name, declarations))
      .sort();
    lists.push([name, ...lines, ""].join("\n"));
  }
  return lists.join("\n");
}

function describe(name: string, declarations: Declaration[]): string {
  const kinds = [...new Set(declarations.map(({ kind }) => kind))];
  const definitions = declarations.map(({ def }) => def ?? {});
  const params = definitions.find(({ params }) => params)?.params;
  const members = definitions.flatMap(membersOf);
  const strings = definitions.flatMap(({ tsType }) => stringsOf(tsType));
  const signature = params === undefined
    ? ""
    : `(${params.map(nameOf).join(", ")})`;
  const rest = [...new Set(members)].sort().concat(strings).join(", ");
  return `  ${kinds.join("+")} ${name}${signature}${rest && `: ${rest}`}`;
}

function membersOf(definition: Definition): string[] {
  const { properties = [], methods = [], extends: parents = [] } = definition;
  const own = [...properties, ...methods]
    .filter(({ accessibility }) => accessibility !== "private")
    .map((member) => (member.isStatic ? "static " : "") + nameOf(member));
  if (typeof parents === "string") return own;
  return [...own, ...parents.map((parent) => `...${writeType(parent)}`)];
}

/** Writes a type as far as the extended types of this package need it. */
function writeType(type: TypeOf): string {
  if (type.kind === "union" && Array.isArray(type.value)) {
    return type.value.map(writeType).join(" | ");
  }
  if (type.kind !== "typeRef") return type.repr ?? type.kind;
  const { typeName, typeParams } = type.value as {
    typeName: string;
    typeParams?: TypeOf[];
  };
  return typeParams === undefined
    ? typeName
    : `${typeName}<${typeParams.map(writeType).join(", ")}>`;
}

function nameOf({ name, optional, arg, left }: Named): string {
  // A rest parameter or one with a default has its name inside.
  if (name === undefined) return nameOf(arg ?? left ?? { name: "{}" });
  return optional ? `${name}?` : name;
}

function stringsOf(type: TypeOf | undefined): string[] {
  if (type?.kind === "union" && Array.isArray(type.value)) {
    return type.value.flatMap(stringsOf);
  }
  const literal = type?.value as { kind?: string; string?: string } | undefined;
  return type?.kind === "literal" && literal?.kind === "string"
    ? [JSON.stringify(literal.string)]
    : [];
}
