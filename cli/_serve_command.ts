// Copyright 2026 the Tidings authors. MIT license.

/**
 * The commands `serve` and `relay`: publish the events of standard input or of another
 * stream in a channel, and serve it.
 *
 * @module
 */

import { listenForAbort } from "../_abort.ts";
import type { RelayCommand, ServeCommand, Serving } from "./_command.ts";
import { describeError } from "./_format.ts";
import { readJsonLines, readTextLines } from "./_input_lines.ts";
import { CLEAN_END } from "./_exit_status.ts";
import type { CommandLineIo, CommandLineServer } from "./_io.ts";
import { listen } from "./_listen.ts";
import { connectUpstream } from "./_upstream.ts";
import { findIdFault, quote } from "../_validate.ts";
import { EventChannel } from "../channel.ts";
import { type ConnectOptions, EventSourceError } from "../client.ts";
import type { ServerSentEvent, ServerSentEventInit } from "../event.ts";
import { MemoryEventLog } from "../log.ts";
import { readEvents } from "../parser.ts";

/** Milliseconds for open responses to end when the server shuts down. */
const SHUTDOWN_TIMEOUT = 1000;

type Publish = (event: ServerSentEventInit) => Promise<void>;

/** Where the events come from. */
interface Source {
  /** What is reported when there are no more events. */
  end: string;
  /** Publishes them, until there are no more or the signal is aborted. */
  run(publish: Publish): Promise<void>;
}

/**
 * Serves the events of standard input until `io.signal` is aborted.
 *
 * @param command The command.
 * @param io What the command line reads and writes.
 * @returns The exit status.
 * @throws {Error} If the events cannot be read or served.
 * @throws {unknown} The reason of `io.signal`, if it is aborted meanwhile.
 */
export function serveCommand(
  command: ServeCommand,
  io: CommandLineIo,
): Promise<number> {
  return serve(command, io, {
    end: "the input ended",
    async run(publish): Promise<void> {
      const { stdin, signal } = io;
      if (command.input === "event-stream") {
        for await (const event of readEvents(stdin, { signal })) {
          await publish(withReturnableId(event, io));
        }
        return;
      }
      const inputs = command.input === "text"
        ? readTextLines(stdin, command.type, signal)
        : readJsonLines(stdin, signal);
      for await (const input of inputs) {
        if ("event" in input) await publish(input.event);
        else io.report(`an event is left out: ${input.error}`);
      }
    },
  });
}

/**
 * Serves the events of another stream until `io.signal` is aborted.
 *
 * @param command The command.
 * @param io What the command line reads and writes.
 * @returns The exit status.
 * @throws {Error} If the events cannot be read or served.
 * @throws {unknown} The reason of `io.signal`, if it is aborted meanwhile.
 */
export function relayCommand(
  command: RelayCommand,
  io: CommandLineIo,
): Promise<number> {
  return serve(command, io, {
    end: "the stream ended",
    async run(publish): Promise<void> {
      const { types } = command;
      for await (const event of readUpstream(command, io)) {
        if (types !== undefined && !types.has(event.event)) continue;
        // The log gives it an ID of its own. The upstream's IDs start over when it
        // restarts without its history, and one that is in use would be refused.
        await publish({ ...event, id: undefined });
      }
    },
  });
}

/**
 * Reads an upstream. Where its last event ID cannot come back in a header, it connects
 * again without the ID: otherwise one such ID would end the relay.
 */
async function* readUpstream(
  command: RelayCommand,
  io: CommandLineIo,
): AsyncGenerator<ServerSentEvent> {
  let last: ServerSentEvent | undefined;
  let isFirst = false;
  const onStateChange: ConnectOptions["onStateChange"] = ({ state }) => {
    if (state === "open") isFirst = true;
  };
  for (let lastEventId: string | undefined;; lastEventId = "") {
    const connection = connectUpstream(command, io, {
      ...(lastEventId === undefined ? {} : { lastEventId }),
      onStateChange,
    });
    try {
      for await (const event of connection) {
        const isRepeated = isFirst && isSameEvent(event, last);
        isFirst = false;
        last = event;
        if (isRepeated) {
          const id = quote(event.id);
          io.report(`an event is left out: the stream repeats the ID ${id}`);
        } else yield event;
      }
      return;
    } catch (error) {
      const isUnreturnable = error instanceof EventSourceError &&
        error.reason === "invalid-request" &&
        findIdFault(connection.lastEventId) !== undefined;
      if (!isUnreturnable) throw error;
      io.report(
        "connecting again without the last event ID: events may be lost",
      );
    }
  }
}

/**
 * Tells whether a stream begins again with the event that it was to go on after. Only that
 * one: of all others, an upstream that restarted may have sent another of the same ID.
 */
function isSameEvent(
  { id, event, data }: ServerSentEvent,
  last: ServerSentEvent | undefined,
): boolean {
  return id !== undefined && id !== "" && id === last?.id &&
    event === last.event && data === last.data;
}

/** Leaves out an ID that cannot come back in a header. The log gives the event another. */
function withReturnableId(
  event: ServerSentEvent,
  io: CommandLineIo,
): ServerSentEventInit {
  const fault = event.id === undefined ? undefined : findIdFault(event.id);
  if (fault === undefined) return event;
  io.report(
    `the ID of an event is left out: expected ${fault}, got ${quote(event.id)}`,
  );
  return { ...event, id: undefined };
}

async function serve(
  serving: Serving,
  io: CommandLineIo,
  source: Source,
): Promise<number> {
  const { history, replay, origins } = serving;
  const log = new MemoryEventLog({ maxEvents: history });
  const channel = new EventChannel({ log });
  const server = await listen(serving, (request) =>
    channel.serve(request, {
      replay,
      cors: origins === undefined ? undefined : { origins },
    }), io);
  const { hostname, port } = server;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  io.report(`serving at http://${host}:${port}/`);
  try {
    await source.run((event) => publish(channel, event, io));
    if (!io.signal.aborted) {
      io.report(`${source.end}, its history is still served`);
      await untilAborted(io.signal);
    }
  } finally {
    await channel.close();
    await shutDown(server);
  }
  return CLEAN_END;
}

async function publish(
  channel: EventChannel,
  event: ServerSentEventInit,
  io: CommandLineIo,
): Promise<void> {
  try {
    // The log refuses an empty ID. Without an ID, it gives the event one.
    const id = event.id === "" ? undefined : event.id;
    await channel.publish({ ...event, id });
  } catch (error) {
    io.report(`an event is left out: ${describeError(error)}`);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    listenForAbort(signal, resolve);
  });
}

/** Shuts the server down. It would wait for ever for a client that does not read. */
async function shutDown(server: CommandLineServer): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, SHUTDOWN_TIMEOUT);
  });
  await Promise.race([server.shutdown(), deadline]);
  clearTimeout(timer);
}
