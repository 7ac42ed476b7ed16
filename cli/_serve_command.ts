// Copyright 2026 the Tidings authors. MIT license.

import type { RelayCommand, ServeCommand, Serving } from "./_command.ts";
import { describeError } from "./_format.ts";
import { readJsonLines } from "./_json_lines.ts";
import { CLEAN_END, type CommandLineIo } from "./_io.ts";
import { connectUpstream } from "./_upstream.ts";
import { findIdFault, quote } from "../_validate.ts";
import { EventChannel } from "../channel.ts";
import { type ConnectOptions, EventSourceError } from "../client.ts";
import type { ServerSentEvent, ServerSentEventInit } from "../event.ts";
import { MemoryEventLog } from "../log.ts";
import { readEvents } from "../parser.ts";

// Milliseconds that open responses have to end in.
const GRACE = 1000;

type Publish = (event: ServerSentEventInit) => Promise<void>;

/** Where the events come from. */
interface Source {
  /** Says that there are no more. */
  end: string;
  /** Publishes them, until there are no more or the signal is aborted. */
  run(publish: Publish): Promise<void>;
}

/**
 * Serves the events of standard input until `io.signal` is aborted.
 *
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
      for await (const input of readJsonLines(stdin, signal)) {
        if ("event" in input) await publish(input.event);
        else io.report(`an event is left out: ${input.error}`);
      }
    },
  });
}

/**
 * Serves the events of another stream until `io.signal` is aborted.
 *
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
        await publish(withReturnableId(event, io));
      }
    },
  });
}

/** Reads an upstream, also past an ID of its own that no request can bring back. */
async function* readUpstream(
  command: RelayCommand,
  io: CommandLineIo,
): AsyncGenerator<ServerSentEvent> {
  for (let options: ConnectOptions = {};; options = { lastEventId: "" }) {
    const connection = connectUpstream(command, io, options);
    try {
      yield* connection;
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

/** Leaves out an ID that no client could bring back; the channel gives another. */
function withReturnableId(
  event: ServerSentEvent,
  io: CommandLineIo,
): ServerSentEventInit {
  const fault = event.id === undefined ? undefined : findIdFault(event.id);
  if (fault === undefined) return event;
  io.report(
    `the ID of an event is left out: "id" is ${quote(event.id)}, ${fault}`,
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
  const server = listen(serving, (request) =>
    channel.serve(request, {
      replay,
      cors: origins === undefined ? undefined : { origins },
    }));
  const { hostname, port } = server.addr;
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

function listen(
  { hostname, port }: Serving,
  handler: (request: Request) => Response,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({ hostname, port, onListen() {} }, handler);
  } catch (error) {
    // That error says which permission is missing, and how to give it.
    if (error instanceof Deno.errors.NotCapable) throw error;
    const address = `port ${port} of ${hostname}`;
    throw error instanceof Deno.errors.AddrInUse
      ? new Error(
        `Cannot serve events: ${address} is in use, another --port is wanted`,
      )
      : new Error(`Cannot serve events at ${address}`, { cause: error });
  }
}

async function publish(
  channel: EventChannel,
  event: ServerSentEventInit,
  io: CommandLineIo,
): Promise<void> {
  try {
    // The log refuses an empty ID, and gives one of its own where there is none.
    const id = event.id === "" ? undefined : event.id;
    await channel.publish({ ...event, id });
  } catch (error) {
    io.report(`an event is left out: ${describeError(error)}`);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Ends the server, and does not wait for ever for clients that do not read. */
async function shutDown(server: Deno.HttpServer): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, GRACE);
  });
  await Promise.race([server.shutdown(), deadline]);
  clearTimeout(timer);
}
