// Copyright 2026 the Tidings authors. MIT license.

/** From lines to events: names, values, and the fields that make an event. */

import { outcomeOf } from "../support/outcome.ts";
import type { ParserRow } from "./_rows.ts";

const INTERPRETATION = "#event-stream-interpretation";
const DISPATCH = "#dispatchMessage";

/** The rows. */
export const FIELD_ROWS: ParserRow[] = [
  ...valueRows(),
  ...nameRows(),
  ...dataRows(),
  ...eventTypeRows(),
];

function valueRows(): ParserRow[] {
  return [
    value("one space after the colon goes, no more", "data:   x", "  x"),
    value("no space is needed after the colon", "data:x", "x"),
    value("a space alone is an empty value", "data: ", ""),
    value("of two spaces one stays", "data:  ", " "),
    value("a tab after the colon stays", "data:\tx", "\tx"),
    value("a no-break space after the colon stays", "data:\xa0x", "\xa0x"),
    value("a space but for its high byte stays", "data:\u0120x", "\u0120x"),
    value("a space at the end stays", "data: x ", "x "),
    value("a further colon belongs to the value", "data: a: b:", "a: b:"),
    value("a colon after the colon belongs to the value", "data::x", ":x"),
    value("a field in the value is text", "data: data: id: 1", "data: id: 1"),
  ];
}

function value(name: string, line: string, data: string): ParserRow {
  return {
    name,
    spec: INTERPRETATION,
    input: line + "\n\n",
    expected: outcomeOf([{ data }]),
  };
}

function nameRows(): ParserRow[] {
  return [
    unknown(
      "names in another case",
      "Data: x\nEVENT: x\niD: 1\nRetry: 1",
    ),
    unknown(
      "names with a space behind",
      "data : x\nevent : x\nid : 1\nretry : 1",
    ),
    unknown(
      "names with a space before",
      " data: x\n event: x\n id: 1\n retry: 1",
    ),
    unknown("names with a tab before", "\tdata: x\n\tid: 1"),
    unknown("names cut short", "d\nda\ndat\ndat: x\neven: x\ni: 1\nretr: 1"),
    unknown(
      "names with more",
      "dataa: x\nevents: x\nids: 1\nid2: 1\nretry2: 1",
    ),
    unknown("names with more and no colon", "datax\nevent x\nid 1\nretry 1"),
    unknown("names with U+0000", "data\0: x\n\0data: x\nid\0: 1"),
    unknown("names of other alphabets", "ｄａｔａ: x\nіd: 1\nретри: 1"),
    unknown(
      "names and colons that differ in the high byte only",
      "\u0164ata: x\ndat\u0261: x\ndata\u013a x\ni\u0164: 1\nid\u0a3a1",
    ),
    unknown(
      "names that objects have",
      "__proto__: x\nconstructor: x\ntoString",
    ),
    unknown("names of spaces", " \n  "),
    {
      name: "a comment has one leading space removed",
      spec: INTERPRETATION,
      input: ":a\n: b\n:  c\n:\n: \n::d\n:data: x\n",
      expected: outcomeOf([], {
        comments: ["a", "b", " c", "", "", ":d", "data: x"],
      }),
    },
    {
      name: "a comment and a blank line fire nothing",
      spec: INTERPRETATION,
      input: ":hb\n\n:hb\n\n",
      expected: outcomeOf([], { comments: ["hb", "hb"] }),
    },
    {
      name: "a comment does not divide a block",
      spec: INTERPRETATION,
      input: "data: a\n: b\ndata: c\n\n",
      expected: outcomeOf([{ data: "a\nc" }], { comments: ["b"] }),
    },
    {
      name: "a comment whose line has not ended is not there yet",
      spec: INTERPRETATION,
      input: ": a\n: b",
      expected: outcomeOf([], { comments: ["a"] }),
    },
  ];
}

/** Lines that have no effect, seen by the event that follows and the state. */
function unknown(name: string, lines: string): ParserRow {
  return {
    name: `${name} are unknown fields`,
    spec: INTERPRETATION,
    input: `${lines}\n\n${lines}\ndata: y\n${lines}\n\n`,
    expected: outcomeOf([{ data: "y" }]),
  };
}

function dataRows(): ParserRow[] {
  return [
    {
      name: "data without a colon is an empty line of data",
      spec: INTERPRETATION,
      input: "data\n\ndata\ndata\n\n",
      expected: outcomeOf([{ data: "" }, { data: "\n" }]),
    },
    {
      name: "an empty data field is an event",
      spec: DISPATCH,
      input: "data:\n\n",
      expected: outcomeOf([{ data: "" }]),
    },
    {
      name: "an empty first line of data stays",
      spec: INTERPRETATION,
      input: "data:\ndata: x\n\n",
      expected: outcomeOf([{ data: "\nx" }]),
    },
    {
      name: "empty lines of data at the end stay but one",
      spec: DISPATCH,
      input: "data: x\ndata:\ndata\n\n",
      expected: outcomeOf([{ data: "x\n\n" }]),
    },
    {
      name: "lines of data are joined across other fields",
      spec: INTERPRETATION,
      input: "data: a\nid: 1\ndata: b\nevent: x\nretry: 5\nfoo\ndata: c\n\n",
      expected: outcomeOf([{ event: "x", data: "a\nb\nc", id: "1" }], {
        reconnectionTime: 5,
      }),
    },
  ];
}

function eventTypeRows(): ParserRow[] {
  return [
    {
      name: "the event type holds for one event",
      spec: DISPATCH,
      input: "event: x\ndata: a\n\ndata: b\n\n",
      expected: outcomeOf([{ event: "x", data: "a" }, { data: "b" }]),
    },
    {
      name: "a block without data drops its event type",
      spec: DISPATCH,
      input: "event: x\n\ndata: y\n\n",
      expected: outcomeOf([{ data: "y" }]),
    },
    {
      name: "the last event field wins",
      spec: INTERPRETATION,
      input: "event: a\ndata: x\nevent: b\n\n",
      expected: outcomeOf([{ event: "b", data: "x" }]),
    },
    {
      name: "an empty event field sets the type back",
      spec: INTERPRETATION,
      input: "event: a\nevent:\ndata: x\n\nevent: a\nevent\ndata: y\n\n",
      expected: outcomeOf([{ data: "x" }, { data: "y" }]),
    },
    {
      name: "spaces of the event type stay but the first",
      spec: INTERPRETATION,
      input: "event:  a \ndata: x\n\n",
      expected: outcomeOf([{ event: " a ", data: "x" }]),
    },
    {
      name: "any event type will do",
      spec: DISPATCH,
      input: "event: message\ndata: x\n\nevent: error\ndata: y\n\n",
      expected: outcomeOf([{ data: "x" }, { event: "error", data: "y" }]),
    },
  ];
}
