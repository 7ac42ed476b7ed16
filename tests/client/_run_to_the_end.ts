// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import { EventSource, type EventSourceInit } from "../../client.ts";
import { within } from "../support/within.ts";

/** Runs a source until it is closed, and tells of its errors and of uncaught ones. */
export async function runToTheEnd(
  url: string,
  init?: EventSourceInit,
): Promise<{ states: number[]; uncaught: unknown[] }> {
  const uncaught: unknown[] = [];
  const keep = (event: Event) => {
    event.preventDefault();
    uncaught.push(event);
  };
  // What an earlier test has left uncaught is told in a task of its own.
  await new Promise((resolve) => setTimeout(resolve, 10));
  globalThis.addEventListener("error", keep);
  globalThis.addEventListener("unhandledrejection", keep);
  try {
    const source = new EventSource(url, init);
    assertEquals(source.readyState, EventSource.CONNECTING);
    const states: number[] = [];
    await within(
      "the state CLOSED",
      new Promise<void>((resolve) => {
        source.onerror = () => {
          states.push(source.readyState);
          if (source.readyState === EventSource.CLOSED) resolve();
        };
      }),
    );
    // What goes uncaught is told in a task of its own.
    await new Promise((resolve) => setTimeout(resolve, 10));
    return { states, uncaught };
  } finally {
    globalThis.removeEventListener("error", keep);
    globalThis.removeEventListener("unhandledrejection", keep);
  }
}
