// Copyright 2026 the Tidings authors. MIT license.

import { assertEquals } from "@std/assert";
import {
  ANSWER_ROWS,
  type AnswerOptions,
  makeAnswerRequest,
} from "./_answers.ts";
import { serveEvents } from "../../server.ts";

const CACHE_CONTROL_ROWS: {
  name: string;
  options: AnswerOptions;
  expected: string;
}[] = [
  {
    name: "no-transform beside no-store",
    options: {},
    expected: "no-store, no-transform",
  },
  {
    name: "no-transform beside the user's own cache-control",
    options: { headers: { "Cache-Control": "no-cache" } },
    expected: "no-cache, no-transform",
  },
  {
    name: "no-transform beside one in a Headers",
    options: {
      headers: new Headers({ "cache-control": "private, max-age=0" }),
    },
    expected: "private, max-age=0, no-transform",
  },
  {
    name: "no-transform beside several in a list",
    options: {
      headers: [["cache-control", "no-cache"], ["Cache-Control", "private"]],
    },
    expected: "no-cache, private, no-transform",
  },
  {
    name: "no-transform in place of nothing",
    options: { headers: { "cache-control": "" } },
    expected: "no-transform",
  },
  {
    name: "the user's own no-transform once",
    options: { headers: { "cache-control": "no-store, no-transform" } },
    expected: "no-store, no-transform",
  },
  {
    name: "the user's own no-transform once, in whatever case",
    options: { headers: { "cache-control": "No-Transform,no-cache" } },
    expected: "No-Transform,no-cache",
  },
  {
    name: "the user's own no-transform once, of several in a list",
    options: {
      headers: [["cache-control", "no-transform "], ["cache-control", "a"]],
    },
    expected: "no-transform, a",
  },
  {
    name: "no-transform beside names that only resemble it",
    options: { headers: { "cache-control": "x-no-transform, no-transforms" } },
    expected: "x-no-transform, no-transforms, no-transform",
  },
  {
    name: "no-transform beside a quoted one",
    options: { headers: { "cache-control": 'private="a, no-transform, b"' } },
    expected: 'private="a, no-transform, b", no-transform',
  },
  {
    name: "no no-transform with allowTransform",
    options: { allowTransform: true },
    expected: "no-store",
  },
  {
    name: "the user's own cache-control alone with allowTransform",
    options: {
      allowTransform: true,
      headers: { "cache-control": "no-cache" },
    },
    expected: "no-cache",
  },
];

for (const row of ANSWER_ROWS) {
  Deno.test(`${row.name}, ${row.status}, forbids everybody to transform the response`, async () => {
    for (const { name, options, expected } of CACHE_CONTROL_ROWS) {
      const response = await row.serve(makeAnswerRequest(row), options);
      await response.body?.cancel();
      assertEquals(response.status, row.status, name);
      assertEquals(response.headers.get("cache-control"), expected, name);
    }
  });
}

Deno.test("serveEvents() leaves the user's Headers as they are", async () => {
  const headers = new Headers({ "cache-control": "no-cache" });
  const request = new Request("http://localhost/");
  await serveEvents(request, [], { headers }).body?.cancel();
  assertEquals([...headers], [["cache-control", "no-cache"]]);
});
