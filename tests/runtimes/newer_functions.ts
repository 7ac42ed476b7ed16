// Copyright 2026 the Tidings authors. MIT license.

/**
 * Standard functions that the tests use and that Node 20 or a browser lacks. The
 * library itself uses none of them: `scripts/test_pack.ts` sees to that.
 */

for (const name of ["dispose", "asyncDispose"]) {
  // Before a class names a method by it.
  define(Symbol, name, Symbol(`Symbol.${name}`));
}

define(Promise, "withResolvers", <T>() => {
  let resolve!: (value: T | PromiseLike<T>) => void;
  let reject!: (reason?: unknown) => void;
  const promise = new Promise<T>((...functions) => {
    [resolve, reject] = functions;
  });
  return { promise, resolve, reject };
});

define(
  Array,
  "fromAsync",
  async <T, U>(source: AsyncIterable<T>, map?: (item: T) => U) => {
    const items: (T | Awaited<U>)[] = [];
    for await (const item of source) items.push(map ? await map(item) : item);
    return items;
  },
);

define(ReadableStream, "from", <T>(source: AsyncIterable<T> | Iterable<T>) => {
  const iterator = Symbol.asyncIterator in source
    ? source[Symbol.asyncIterator]()
    : source[Symbol.iterator]();
  return new ReadableStream<T>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      await iterator.return?.(reason);
    },
  }, { highWaterMark: 0 });
});

// WebKit's streams are no async iterables.
define(
  ReadableStream.prototype,
  Symbol.asyncIterator,
  async function* (this: ReadableStream<unknown>) {
    const reader = this.getReader();
    let hasEnded = false;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        yield value;
      }
      hasEnded = true;
    } catch (error) {
      hasEnded = true;
      throw error;
    } finally {
      if (!hasEnded) await reader.cancel();
      reader.releaseLock();
    }
  },
);

function define(target: object, name: PropertyKey, value: unknown): void {
  if (name in target) return;
  Object.defineProperty(target, name, {
    value,
    writable: true,
    configurable: true,
  });
}
