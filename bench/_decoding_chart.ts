// Copyright 2026 the Tidings authors. MIT license.

/** A chart of a recorded run: how fast events are decoded beside the fastest peer. */

import type { ResultRow, Results } from "./_results.ts";
import { format } from "../scripts/_format.ts";

const TITLE = "Events decoded per second, relative to the fastest peer";
const CHUNKINGS = [
  { id: "64KiB", text: "chunks of 64 KiB" },
  { id: "1400B", text: "of 1400 bytes" },
  { id: "event", text: "of one event" },
];

// Pixels.
const WIDTH = 760;
const MARGIN = 24;
const LEFT = 108;
/** Right of the longest bar, for the column of values. */
const VALUE_WIDTH = 52;
const TOP = 112;
const BAR = 11;
const BAR_STEP = 14;
const GROUP_GAP = 12;
const BOTTOM = 56;

const STYLE = `
    svg {
      --surface: #ffffff;
      --text: #1f2328;
      --muted: #59636e;
      --grid: #d8dee4;
      --bar-0: #0d3b75;
      --bar-1: #2a78d6;
      --bar-2: #8dbbf2;
      font-family: system-ui, -apple-system, "Segoe UI", sans-serif;
      font-size: 12px;
    }
    @media (prefers-color-scheme: dark) {
      svg {
        --surface: #0d1117;
        --text: #e6edf3;
        --muted: #9198a1;
        --grid: #30363d;
        --bar-0: #2f6fc4;
        --bar-1: #6ba6f0;
        --bar-2: #c3dcfa;
      }
    }
    text { fill: var(--text); }
    .title { font-size: 16px; font-weight: 600; }
    .muted { fill: var(--muted); }
    .value { font-size: 11px; font-variant-numeric: tabular-nums; }
    .end { text-anchor: end; }
    .middle { text-anchor: middle; }
    .surface { fill: var(--surface); }
    .grid { stroke: var(--grid); }
    .halo { stroke: var(--surface); stroke-width: 4; }
    .peer { stroke: var(--text); stroke-width: 1.5; }
    .bar-0 { fill: var(--bar-0); }
    .bar-1 { fill: var(--bar-1); }
    .bar-2 { fill: var(--bar-2); }
  `;

/** The bars of one workload. */
interface Group {
  workload: string;
  rows: ResultRow[];
}

/** Draws the rows of the decoding workloads as an SVG image. */
export async function drawDecodingChart(results: Results): Promise<string> {
  const groups = groupsOf(results.rows);
  const rows = groups.flatMap((group) => group.rows);
  const most = Math.max(
    1,
    ...rows.map(({ ratio }) => ratio),
  );
  const scale = (WIDTH - LEFT - VALUE_WIDTH - MARGIN) / most;
  const height = groups.reduce(
    (sum, { rows }) => sum + rows.length * BAR_STEP + GROUP_GAP,
    TOP + BOTTOM - GROUP_GAP,
  );
  const x = (ratio: number) => round(LEFT + ratio * scale);
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc">`,
    `  <title id="title">${escape(TITLE)}</title>`,
    `  <desc id="desc">${escape(describe(groups))}</desc>`,
    `  <style>${STYLE}</style>`,
    `  <rect class="surface" width="${WIDTH}" height="${height}" rx="6"/>`,
    ...drawHead(results, rows),
    ...drawScale(most, height - BOTTOM, x),
    ...drawGroups(groups, x),
    // Above the bars, which it cuts where ours is faster.
    ...drawMark("peer", x(1), TOP - 8, height - BOTTOM + 6),
    "</svg>",
  ];
  return await format(lines.join("\n"), "svg");
}

function groupsOf(rows: readonly ResultRow[]): Group[] {
  const decoding = rows.filter(({ table, chunking }) =>
    table === "decode" && CHUNKINGS.some(({ id }) => id === chunking)
  );
  const workloads = new Set(decoding.map(({ workload }) => workload));
  return [...workloads].map((workload) => ({
    workload,
    rows: decoding.filter((row) => row.workload === workload),
  }));
}

/** The same in words, for those who do not see it. */
function describe(groups: readonly Group[]): string {
  const sentences = groups.map(({ workload, rows }) => {
    const values = rows.map(({ chunking, ratio }) =>
      `${ratio.toFixed(2)} times (${chunking})`
    );
    return `${workload}: ${values.join(", ")}.`;
  });
  return `Our speed over that of the fastest peer. ${sentences.join(" ")}`;
}

function drawHead(
  { deno, cpu, date, peers }: Results,
  rows: readonly ResultRow[],
): string[] {
  const names = [...new Set(rows.map(({ peer }) => peer.name))].map((name) =>
    peers.find((peer) => peer.startsWith(`${name}@`))?.replace("@", " ") ?? name
  );
  const peer = `The line is the fastest peer: ${names.join(" or ")}`;
  const legend = CHUNKINGS.flatMap(({ text }, index) => {
    const left = MARGIN + index * 140;
    return [
      `  <rect class="bar-${index}" x="${left}" y="74" width="${BAR}" height="${BAR}" rx="2"/>`,
      drawText(left + 18, 84, text),
    ];
  });
  return [
    drawText(MARGIN, 34, TITLE, "title"),
    drawText(MARGIN, 56, `${peer}. Deno ${deno}, ${cpu}, ${date}`, "muted"),
    ...legend,
  ];
}

function drawScale(
  most: number,
  bottom: number,
  x: (ratio: number) => number,
): string[] {
  const lines: string[] = [];
  for (let tick = 0; tick <= most; tick += 0.5) {
    lines.push(
      drawLine("grid", x(tick), TOP - 8, bottom + 6),
      drawText(x(tick), bottom + 22, `${tick} ×`, "muted value middle"),
    );
  }
  const note = "longer is faster; 1 × is as fast as the peer";
  lines.push(drawText(LEFT, bottom + 42, note, "muted"));
  return lines;
}

function drawGroups(
  groups: readonly Group[],
  x: (ratio: number) => number,
): string[] {
  const lines: string[] = [];
  let top = TOP;
  for (const { workload, rows } of groups) {
    const middle = top + (rows.length * BAR_STEP) / 2 + 3;
    lines.push(drawText(LEFT - 10, middle, workload, "end"));
    for (const row of rows) {
      lines.push(...drawBar(row, top, x));
      top += BAR_STEP;
    }
    top += GROUP_GAP;
  }
  return lines;
}

function drawBar(
  { chunking, ratio }: ResultRow,
  top: number,
  x: (ratio: number) => number,
): string[] {
  const series = CHUNKINGS.findIndex(({ id }) => id === chunking);
  const lines = [
    `  <rect class="bar-${series}" x="${LEFT}" y="${top}" width="${
      round(x(ratio) - LEFT)
    }" height="${BAR}" rx="2"/>`,
  ];
  // In a column of their own: beside the peer's line they would read as its value.
  const value = `${ratio.toFixed(2)} ×`;
  lines.push(drawText(WIDTH - MARGIN, top + 9.5, value, "value end"));
  return lines;
}

/** A line that shows on a bar as well. */
function drawMark(
  name: string,
  x: number,
  top: number,
  bottom: number,
): string[] {
  return ["halo", name].map((name) => drawLine(name, x, top, bottom));
}

function drawLine(
  name: string,
  x: number,
  top: number,
  bottom: number,
): string {
  return `  <line class="${name}" x1="${x}" y1="${top}" x2="${x}" y2="${bottom}"/>`;
}

function drawText(x: number, y: number, text: string, names?: string): string {
  const attribute = names === undefined ? "" : ` class="${names}"`;
  return `  <text${attribute} x="${round(x)}" y="${y}">${escape(text)}</text>`;
}

/** To a tenth of a pixel. */
function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
