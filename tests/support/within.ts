// Copyright 2026 the Tidings authors. MIT license.

/** Milliseconds: long enough for any machine, short enough to be told of a hang. */
const DEADLINE = 10_000;

/** Waits for what is bound to happen, and fails where it does not. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what}: not within ${DEADLINE} ms`)),
      DEADLINE,
    );
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
