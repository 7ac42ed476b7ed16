// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EventStreamError, readEvents } from "../../parser.ts";
import { IterableSource, manualSource } from "../support/sources.ts";
import { within } from "../support/within.ts";

Deno.test("readEvents() rejects and cancels the source once it is silent for idleTimeout", async () => {
  for (const text of ["", "data: a\n\n", "data: unfinis", ": hi\n"]) {
    const source = manualSource();
    const events = readEvents(source.stream, { idleTimeout: 50 });
    if (text !== "") source.send(text);
    if (text.startsWith("data: a")) await events.next();
    const calls = [events.next(), events.next()];
    const error = await within(
      "the timeout",
      assertRejects(() => calls[0]!, EventStreamError),
    );
    assertEquals(error.code, "idle-timeout");
    assertEquals(
      error.message,
      "Cannot read events: expected a byte within 50 ms, got none",
    );
    assertEquals((await calls[1]!).done, true);
    assertEquals(source.cancelled, [error]);
    assertEquals((await events.next()).done, true);
  }
});

Deno.test("readEvents() returns an iterable that is silent for idleTimeout", async () => {
  const source = new IterableSource([], () => new Promise(() => {}));
  const events = readEvents(source, { idleTimeout: 50 });
  const error = await within(
    "the timeout",
    assertRejects(() => events.next(), EventStreamError),
  );
  assertEquals(error.code, "idle-timeout");
  assertEquals(source.returns, 1);
});

Deno.test("readEvents() begins idleTimeout anew with every byte, comments too", async () => {
  const source = manualSource();
  let comments = 0;
  const events = readEvents(source.stream, {
    idleTimeout: 400,
    // Four times: longer together than the timeout.
    onComment: () => void (++comments < 8 ? later() : source.end()),
  });
  const later = () => setTimeout(() => source.send(":\n"), 100);
  later();
  assertEquals((await within("the end", events.next())).done, true);
  assertEquals(comments, 8);
});

Deno.test("readEvents() does not count the time in which nobody asks for an event", async () => {
  const source = manualSource();
  const events = readEvents(source.stream, { idleTimeout: 50 });
  source.send("data: a\n\n");
  await events.next();
  await new Promise((resolve) => setTimeout(resolve, 200));
  source.send("data: b\n\n");
  assertEquals((await events.next()).value?.data, "b");
  await events.return?.();
});

Deno.test("readEvents() leaves no timer however it ends", async () => {
  const idleTimeout = 600_000;
  const controller = new AbortController();
  const { signal } = controller;

  const returned = readEvents(manualSource().stream, { idleTimeout });
  const waiting = returned.next();
  await returned.return?.();
  await waiting;

  const aborted = readEvents(manualSource().stream, { idleTimeout, signal });
  const next = aborted.next();
  controller.abort();
  assertEquals((await next).done, true);

  const failing = manualSource();
  const failed = readEvents(failing.stream, { idleTimeout }).next();
  failing.fail(new Error("mine"));
  await assertRejects(() => failed, Error, "mine");

  const ending = manualSource();
  const ended = readEvents(ending.stream, { idleTimeout }).next();
  ending.end();
  assertEquals((await ended).done, true);
});

Deno.test("readEvents() throws RangeError for an idleTimeout out of its range", () => {
  for (const idleTimeout of [0, -1, NaN, 0.5, 2 ** 31]) {
    assertThrows(
      () => readEvents(manualSource().stream, { idleTimeout }),
      RangeError,
      'Cannot read events: expected "idleTimeout" to be ',
    );
  }
  readEvents(manualSource().stream, { idleTimeout: Infinity });
});
