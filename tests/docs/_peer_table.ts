// Copyright 2026 the Tidings authors. MIT license.

/** The tables of the guide on peers, and what they are made of. */

/** A row: one thing that a library does or does not do. */
export interface Fact<Peer> {
  /** The first cell of the row. */
  name: string;
  /** Finds out whether a library does it. */
  show(peer: Peer): Promise<boolean>;
  /** Whether that is the library's job at all; left out, it is everyone's. */
  appliesTo?(peer: Peer): boolean;
}

/** A table as it stands in the guide, without its first column's heading. */
export interface PeerTable {
  names: string[];
  /** The cells of each row by its first one. */
  rows: Map<string, string[]>;
}

const TABLE_REGEXP = /(?:^\|.*\|\n)+/gm;

/** Reads the guide, with its tables in their order. */
export async function readPeerTables(): Promise<
  { text: string; tables: PeerTable[] }
> {
  const guide = new URL("../../docs/comparison.md", import.meta.url);
  const text = await Deno.readTextFile(guide);
  return { text, tables: [...text.matchAll(TABLE_REGEXP)].map(tableOf) };
}

/** What the cell of a library has to say. */
export async function cellFor<Peer>(
  fact: Fact<Peer>,
  peer: Peer,
): Promise<string> {
  if (fact.appliesTo?.(peer) === false) return "–";
  return await fact.show(peer) ? "yes" : "no";
}

function tableOf([table]: RegExpExecArray): PeerTable {
  const [heading = [], , ...rows] = table.trim().split("\n").map(cellsOf);
  return {
    names: heading.slice(1),
    rows: new Map(rows.map(([name = "", ...cells]) => [name, cells])),
  };
}

function cellsOf(line: string): string[] {
  return line.split("|").slice(1, -1).map((cell) => cell.trim());
}
