// Copyright 2026 the Tidings authors. MIT license.

/** What `docs/comparison.md` says of those that send event streams, each as an experiment. */

import {
  type EventSourceMessage,
  EventSourceParserStream,
} from "npm:eventsource-parser@4.1.3/stream";
import {
  type Sender,
  SENDERS,
  type Sending,
  type SendOptions,
  type SentEvent,
} from "./_peer_senders.ts";
import type { Fact } from "./_peer_table.ts";
import { turn } from "../support/sources.ts";
import { within } from "../support/within.ts";

/** More than any buffer takes that is limited. */
const PACED_EVENTS = 1000;
const MISSED_EVENTS = 20_000;
/** Keep-alives of a server beside, after which one that sent none sends none. */
const PATIENCE = 20;

/** The rows of the second table. */
export const SENDING_FACTS: readonly Fact<Sender>[] = [
  { name: "Refuses a line feed in `event` and `id`", show: refusesLineFeeds },
  { name: "Asks for events at the client's pace", show: keepsPace },
  { name: "Fills silence with comments", show: fillsSilence },
  {
    name: "Gives a client that returns what it has missed, each event once",
    show: givesWhatWasMissed,
    appliesTo: hasBroadcast,
  },
  {
    name: "Drops a client that is 20 000 events behind, by default",
    show: dropsStragglers,
    appliesTo: hasBroadcast,
  },
  { name: "Takes objects and sends them as JSON", show: sendsJson },
];

function hasBroadcast({ broadcast }: Sender): boolean {
  return broadcast !== undefined;
}

/** Events that a sender asks for, one by one. */
class Source {
  asked = 0;
  /** Resolves when the sender has taken all, or has given up. */
  readonly released = Promise.withResolvers<void>();
  readonly #events: readonly SentEvent[];
  readonly #ended: Promise<void>;

  constructor(events: readonly SentEvent[], ended = Promise.resolve()) {
    this.#events = events;
    this.#ended = ended;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SentEvent> {
    try {
      for (const event of this.#events) {
        this.asked++;
        yield event;
      }
      await this.#ended;
    } finally {
      this.released.resolve();
    }
  }
}

/** All that is sent for these events. */
async function transcribe(
  sender: Sender,
  ...events: SentEvent[]
): Promise<string> {
  const source = new Source(events);
  const { body, end } = sender.send(source, {});
  const text = new Response(body).text();
  await within(sender.name, source.released.promise);
  end();
  return await within(sender.name, text);
}

async function refusesLineFeeds(sender: Sender): Promise<boolean> {
  const outcomes: boolean[] = [];
  // The first is the control: it has nothing to refuse.
  for (const value of ["a", "a\ndata: b"]) {
    for (const field of ["event", "id"]) {
      const text = await transcribe(sender, { [field]: value, data: "b" });
      outcomes.push(/^data: ?"?b/m.test(text));
    }
  }
  return outcomes.join() === "true,true,false,false";
}

async function keepsPace(sender: Sender): Promise<boolean> {
  const events = Array<SentEvent>(PACED_EVENTS).fill({ data: "a" });
  const source = new Source(events);
  const { body, end } = sender.send(source, {});
  const reader = body.getReader();
  let chunk = await within(sender.name, reader.read());
  // What is sent ahead of the events is not what is waited for.
  while (source.asked === 0) chunk = await within(sender.name, reader.read());
  // All is microtasks here, so that a turn is time enough to send all there is.
  await turn();
  const isPaced = source.asked < PACED_EVENTS;
  end();
  while (!chunk.done) chunk = await within(sender.name, reader.read());
  return isPaced;
}

async function fillsSilence(sender: Sender): Promise<boolean> {
  const ended = Promise.withResolvers<void>();
  const sendings: Sending[] = [];
  const listen = (sender: Sender, count: number) => {
    const options: SendOptions = { keepAlive: 1 };
    const sending = sender.send(new Source([], ended.promise), options);
    sendings.push(sending);
    return readComments(sending, count);
  };
  const own = listen(sender, 1);
  // Cannot be undefined: ours is the first.
  const beside = listen(SENDERS[0]!, PATIENCE);
  const isFilled = await within(
    sender.name,
    Promise.race([
      own.enough.then(() => true),
      beside.enough.then(() => false),
    ]),
  );
  ended.resolve();
  for (const { end } of sendings) end();
  await within(sender.name, Promise.all([own.all, beside.all]));
  return isFilled;
}

/** Reads to the end, and tells when so many comments have come. */
function readComments(
  { body }: Sending,
  count: number,
): { enough: Promise<void>; all: Promise<void> } {
  const enough = Promise.withResolvers<void>();
  const all = async () => {
    let text = "";
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if ([...text.matchAll(/^:/gm)].length >= count) enough.resolve();
    }
  };
  return { enough: enough.promise, all: all() };
}

async function givesWhatWasMissed(sender: Sender): Promise<boolean> {
  // Cannot be undefined: `appliesTo` has asked.
  const { publish, join } = sender.broadcast!();
  for (const id of ["1", "2"]) publish({ data: "a", id });
  const sending = await within(sender.name, join({ "last-event-id": "1" }));
  publish({ data: "a", id: "3" });
  const ids = await within(
    sender.name,
    readIds(sending, (ids) => ids.at(-1) === "3"),
  );
  return ids.join() === "2,3";
}

async function dropsStragglers(sender: Sender): Promise<boolean> {
  // Cannot be undefined: `appliesTo` has asked.
  const { publish, join } = sender.broadcast!();
  const sending = await within(sender.name, join({}));
  for (let id = 1; id <= MISSED_EVENTS; id++) {
    publish({ data: "a", id: `${id}` });
  }
  // The log of our own channel takes what was published.
  await turn();
  const ids = await within(
    sender.name,
    readIds(sending, (ids) => ids.length === MISSED_EVENTS),
  );
  sending.end();
  return ids.length < MISSED_EVENTS;
}

/** Reads until there are enough events, and then to the end. */
async function readIds(
  { body, end }: Sending,
  areEnough: (ids: readonly string[]) => boolean,
): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of eventsOf(body)) {
    if (id !== undefined) ids.push(id);
    if (areEnough(ids)) end();
  }
  return ids;
}

async function sendsJson(sender: Sender): Promise<boolean> {
  const object = { a: 1 };
  // A library that takes objects has a type that says so; ours asks for `json`.
  for (const field of ["data", "json"]) {
    const event = { [field]: object } as unknown as SentEvent;
    const text = await transcribe(sender, event);
    const events = await Array.fromAsync(eventsOf(new Blob([text]).stream()));
    if (events.some(({ data }) => data === JSON.stringify(object))) return true;
  }
  return false;
}

function eventsOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): ReadableStream<EventSourceMessage> {
  return body.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
}
