// Copyright 2026 the Tidings authors. MIT license.

/**
 * The page of the answer: reads the run and counts lost and doubled words.
 *
 * @module
 */

const byId = (id) => document.getElementById(id);

let source;
let counts;

byId("start").addEventListener("click", async () => {
  await fetch("run", { method: "POST" });
  read();
});
byId("stop").addEventListener(
  "click",
  () => fetch("run", { method: "DELETE" }),
);
read();

/** Reads the answer from its beginning, on each load of the page and each start. */
function read() {
  source?.close();
  source = new EventSource("run");
  counts = { next: 0, lost: 0, doubled: 0, reconnections: -1 };
  byId("answer").textContent = "";
  show("connecting");
  source.addEventListener("open", () => {
    counts.reconnections++;
    show("answering", "open");
  });
  source.addEventListener("error", ({ target }) => {
    const isOver = target.readyState === EventSource.CLOSED;
    show(isOver ? "not started" : "reconnecting");
  });
  source.addEventListener("message", ({ data }) => {
    add(JSON.parse(data));
    show("answering", "open");
  });
  source.addEventListener("end", ({ data, target }) => {
    target.close();
    show(data);
  });
}

/** Counts a word as lost if its number is skipped, and as doubled if it repeats. */
function add({ number, text }) {
  if (number < counts.next) counts.doubled++;
  else counts.lost += number - counts.next;
  counts.next = Math.max(counts.next, number + 1);
  byId("answer").append(`${text} `);
}

function show(text, state = "closed") {
  // A screen reader reads the text out each time it is set, even if it is the same.
  if (byId("state").textContent !== text) byId("state").textContent = text;
  byId("state").dataset.state = state;
  const isOver = source.readyState === EventSource.CLOSED;
  byId("start").disabled = !isOver;
  byId("stop").disabled = state !== "open";
  const { next, lost, doubled, reconnections } = counts;
  byId("received").textContent = next;
  byId("reconnections").textContent = Math.max(0, reconnections);
  byId("verdict").textContent = `${lost} lost, ${doubled} doubled`;
  byId("verdict").classList.toggle("wrong", lost + doubled > 0);
}
