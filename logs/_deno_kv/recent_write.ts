// Copyright 2026 the Tidings authors. MIT license.

/**
 * A write of a claim in Deno KV, as the claim keeps it to write it again.
 *
 * @module
 */

import type { WriteSize } from "../_engine/recent_writes.ts";
import type { Line } from "./batches.ts";

/** What one commit wrote. */
export interface RecentWrite {
  /** Marks its batches. */
  readonly tag: string;
  /** The sequence of its first event. */
  readonly first: number;
  readonly lines: readonly Line[];
}

/** Tells what a write takes. */
export function measureWrite({ lines }: RecentWrite): WriteSize {
  const bytes = lines.reduce((sum, { size }) => sum + size, 0);
  return { events: lines.length, bytes };
}
