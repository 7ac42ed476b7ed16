// Copyright 2026 the Tidings authors. MIT license.

/**
 * The WHATWG algorithm once more, slow and obvious, over a whole stream at once.
 * It follows the standard sentence by sentence and shares no code with the
 * parser: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */

import type { Outcome } from "../support/outcome.ts";

/**
 * Reads one stream from its first byte to its end.
 *
 * @param bytes The whole stream.
 * @param before The state that an earlier stream of the same subscription left.
 */
export function interpretStream(
  bytes: Uint8Array,
  before: Pick<Outcome, "lastEventId" | "reconnectionTime"> = {
    lastEventId: "",
    reconnectionTime: undefined,
  },
): Outcome {
  // Spec: "Streams must be decoded using the UTF-8 decode algorithm", which
  // "strips one leading UTF-8 Byte Order Mark (BOM), if any".
  return interpretText(new TextDecoder().decode(bytes), before);
}

function interpretText(
  text: string,
  before: Pick<Outcome, "lastEventId" | "reconnectionTime">,
): Outcome {
  const { lastEventId, reconnectionTime } = before;
  const outcome: Outcome = {
    events: [],
    comments: [],
    lastEventId,
    reconnectionTime,
  };
  let data = "";
  let eventType = "";
  let lastEventIdBuffer = lastEventId;
  let id: string | undefined;

  // Spec: `end-of-line = ( cr lf / cr / lf )`. What follows the last of them is
  // not a line: "Once the end of the file is reached, any pending data must be
  // discarded".
  const lines = text.split(/\r\n|\r|\n/).slice(0, -1);

  for (const line of lines) {
    if (line === "") {
      // Spec: "Set the last event ID string of the event source to the value of
      // the last event ID buffer."
      outcome.lastEventId = lastEventIdBuffer;
      // Spec: "If the data buffer is an empty string, set the data buffer and the
      // event type buffer to the empty string and return."
      if (data !== "") {
        outcome.events.push({
          event: eventType === "" ? "message" : eventType,
          // Spec: "If the data buffer's last character is a U+000A LINE FEED (LF)
          // character, then remove the last character from the data buffer."
          data: data.replace(/\n$/, ""),
          id,
          lastEventId: outcome.lastEventId,
        });
      }
      data = "";
      eventType = "";
      id = undefined;
      continue;
    }

    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.substring(0, colon);
    // Spec: "If value starts with a U+0020 SPACE character, remove it from value."
    const value = colon === -1 ? "" : line.substring(colon + 1)
      .replace(/^ /, "");

    if (colon === 0) {
      // Spec: "Ignore the line." We hand it on.
      outcome.comments.push(value);
    } else if (field === "event") {
      eventType = value;
    } else if (field === "data") {
      // Spec: "Append the field value to the data buffer, then append a single
      // U+000A LINE FEED (LF) character to the data buffer."
      data += value + "\n";
    } else if (field === "id") {
      // Spec: "If the field value does not contain U+0000 NULL, then set the last
      // event ID buffer to the field value. Otherwise, ignore the field."
      if (!value.includes("\0")) {
        lastEventIdBuffer = value;
        id = value;
      }
    } else if (field === "retry") {
      // Spec: "If the field value consists of only ASCII digits, then interpret
      // the field value as an integer in base ten".
      if (/^[0-9]+$/.test(value)) {
        outcome.reconnectionTime = Number(value);
      }
    }
  }
  return outcome;
}
