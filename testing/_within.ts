// Copyright 2026 the Tidings authors. MIT license.

/**
 * The deadline of what the cases wait for.
 *
 * @module
 */

/** Milliseconds: long enough for any machine, short enough to be told of a hang. */
const DEADLINE = 10_000;

/**
 * Waits for what is bound to happen, and fails if it does not.
 *
 * @param deadline Milliseconds, for what takes long even on a quick machine.
 */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  deadline: number = DEADLINE,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what}: not within ${deadline} ms`)),
      deadline,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
