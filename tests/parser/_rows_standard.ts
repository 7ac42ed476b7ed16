// Copyright 2026 the Tidings authors. MIT license.

/** The examples that the standard itself gives, with their exact bytes. */

import { outcomeOf } from "../support/outcome.ts";
import type { ParserRow } from "./_rows.ts";

const INTRODUCTION = "#server-sent-events-intro";
const INTERPRETATION = "#event-stream-interpretation";

/** The rows. */
export const STANDARD_ROWS: ParserRow[] = [
  {
    name: "the standard's three messages",
    spec: INTRODUCTION,
    input: "data: This is the first message.\n\n" +
      "data: This is the second message, it\ndata: has two lines.\n\n" +
      "data: This is the third message.\n\n",
    expected: outcomeOf([
      { data: "This is the first message." },
      { data: "This is the second message, it\nhas two lines." },
      { data: "This is the third message." },
    ]),
  },
  {
    name: "the standard's add and remove",
    spec: INTRODUCTION,
    input: "event: add\ndata: 73857293\n\n" +
      "event: remove\ndata: 2153\n\n" +
      "event: add\ndata: 113411\n\n",
    expected: outcomeOf([
      { event: "add", data: "73857293" },
      { event: "remove", data: "2153" },
      { event: "add", data: "113411" },
    ]),
  },
  {
    name: "the standard's stock ticker",
    spec: INTERPRETATION,
    input: "data: YHOO\ndata: +2\ndata: 10\n\n",
    expected: outcomeOf([{ data: "YHOO\n+2\n10" }]),
  },
  {
    name: "the standard's four blocks",
    spec: INTERPRETATION,
    input: ": test stream\n\n" +
      "data: first event\nid: 1\n\n" +
      "data:second event\nid\n\n" +
      "data:  third event\n\n",
    expected: outcomeOf([
      { data: "first event", id: "1" },
      { data: "second event", id: "" },
      { data: " third event" },
    ], { comments: ["test stream"] }),
  },
  {
    name: "the standard's four blocks, the last not ended",
    spec: INTERPRETATION,
    input: ": test stream\n\n" +
      "data: first event\nid: 1\n\n" +
      "data:second event\nid\n\n" +
      "data:  third event\n",
    expected: outcomeOf([
      { data: "first event", id: "1" },
      { data: "second event", id: "" },
    ], { comments: ["test stream"] }),
  },
  {
    name: "the standard's empty data",
    spec: INTERPRETATION,
    input: "data\n\ndata\ndata\n\ndata:",
    expected: outcomeOf([{ data: "" }, { data: "\n" }]),
  },
  {
    name: "the standard's space after the colon",
    spec: INTERPRETATION,
    input: "data:test\n\ndata: test\n\n",
    expected: outcomeOf([{ data: "test" }, { data: "test" }]),
  },
];
