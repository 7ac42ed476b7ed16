// Copyright 2026 the Tidings authors. MIT license.

/**
 * The answer: reads the run, and counts lost and doubled words.
 *
 * @module
 */

import { Resumption } from "./resumption.js";

const byId = (id) => document.getElementById(id);

let source;
let resumption;
let reconnections;
/** Words that were there when the page was loaded. */
let before;
let loaded;

byId("ask").addEventListener("click", async () => {
  await fetch("run", { method: "POST" });
  read();
});
byId("stop").addEventListener(
  "click",
  () => fetch("run", { method: "DELETE" }),
);
read();

// #region answer
/** Reads the answer from its beginning, on each load of the page and each start. */
function read() {
  source?.close();
  // A browser's own EventSource is enough: the server keeps the words.
  source = new EventSource("run");
  source.addEventListener("message", ({ data }) => add(JSON.parse(data)));
  source.addEventListener("end", ({ data, target }) => {
    target.close();
    show(data);
  });
  // #endregion
  source.addEventListener("open", () => {
    reconnections++;
    resumption.handleReopen();
    show("answering", "open");
  });
  source.addEventListener("error", ({ target }) => {
    if (target.readyState === EventSource.CLOSED) return show("not asked yet");
    resumption.handleDrop();
    show("reconnecting", "connecting");
  });
  resumption = new Resumption("word", tell);
  resumption.beginAfter(0);
  reconnections = -1;
  before = 0;
  loaded = Date.now();
  byId("answer").textContent = "";
  tell("");
  show("looking for an answer", "connecting");
}

function add({ number, text, time }) {
  resumption.add(number + 1, time);
  const answer = byId("answer");
  const isAtEnd =
    answer.scrollHeight - answer.scrollTop - answer.clientHeight < 30;
  answer.append(text);
  if (isAtEnd) answer.scrollTop = answer.scrollHeight;
  if (time < loaded) {
    before++;
    tell(
      `${before} words were there already; the others come as they are written.`,
    );
  }
  show("answering", "open");
}

function tell(message) {
  byId("answer-message").textContent = message;
}

function show(text, state = "idle") {
  // A screen reader reads the text out each time it is set, even if it is the same.
  if (byId("answer-state").textContent !== text) {
    byId("answer-state").textContent = text;
  }
  byId("answer-state").dataset.state = state;
  byId("ask").disabled = source.readyState !== EventSource.CLOSED;
  byId("stop").disabled = state !== "open";
  byId("words").textContent = resumption.last;
  byId("answer-reconnections").textContent = Math.max(0, reconnections);
  byId("answer-verdict").textContent = resumption.verdict;
  byId("answer-verdict").classList.toggle("wrong", !resumption.isRight);
}
