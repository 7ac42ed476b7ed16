// Copyright 2026 the Tidings authors. MIT license.

/**
 * Measures the load of this machine.
 *
 * @module
 */

import { cpus } from "node:os";

/** One measurement of the machine. */
export interface Measurement {
  /** Counts the measurements from 1, so that a receiver notices a missing one. */
  sequence: number;
  /** Milliseconds since the epoch. */
  time: number;
  /** Percent of the processors' time that was busy since the last measurement. */
  cpu: number;
  /** Percent of the machine's memory that is in use. */
  memory: number;
  /** Mebibytes of memory that this process takes. */
  resident: number;
  /** Milliseconds by which the event loop was late. */
  delay: number;
}

interface CpuTimes {
  idle: number;
  total: number;
}

/**
 * Measures the machine at a fixed interval.
 *
 * @param interval Milliseconds between two measurements.
 * @param onMeasurement Called with each measurement.
 * @returns A function that stops measuring.
 */
export function measure(
  interval: number,
  onMeasurement: (measurement: Measurement) => void,
): () => void {
  let sequence = 0;
  let last = readCpuTimes();
  let due = performance.now() + interval;
  const timer = setInterval(() => {
    const now = performance.now();
    const times = readCpuTimes();
    onMeasurement({
      sequence: ++sequence,
      time: Date.now(),
      cpu: round(busyShare(last, times)),
      memory: round(memoryShare()),
      resident: round(Deno.memoryUsage().rss / 2 ** 20),
      delay: round(Math.max(0, now - due)),
    });
    last = times;
    due = now + interval;
  }, interval);
  return () => clearInterval(timer);
}

function readCpuTimes(): CpuTimes {
  const sum: CpuTimes = { idle: 0, total: 0 };
  for (const { times } of cpus()) {
    sum.idle += times.idle;
    for (const time of Object.values(times)) sum.total += time;
  }
  return sum;
}

function busyShare(before: CpuTimes, after: CpuTimes): number {
  const total = after.total - before.total;
  if (total <= 0) return 0;
  return 100 * (1 - (after.idle - before.idle) / total);
}

function memoryShare(): number {
  const { total, available } = Deno.systemMemoryInfo();
  return total === 0 ? 0 : 100 * (1 - available / total);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
