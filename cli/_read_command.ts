// Copyright 2026 the Tidings authors. MIT license.

/**
 * The command `read`: prints the events of a stream.
 *
 * @module
 */

import type { ReadCommand } from "./_command.ts";
import { formatJson, formatPretty } from "./_format.ts";
import { CLEAN_END, TIMEOUT } from "./_exit_status.ts";
import { type CommandLineIo, writeBytes, writeText } from "./_io.ts";
import { connectUpstream } from "./_upstream.ts";
import { startIdleTimer } from "../_idle_timer.ts";
import { findFault } from "../_client/refusal.ts";
import type { ConnectOptions } from "../client.ts";

/**
 * Prints the events of a stream.
 *
 * @param command The command.
 * @param io What the command line reads and writes.
 * @returns The exit status.
 * @throws {EventSourceError} If the stream cannot be read.
 * @throws {Error} If it ended with an event of the type `error`.
 * @throws {Error} With the code `"EPIPE"`, if the reader of the output has closed it.
 */
export async function readCommand(
  command: ReadCommand,
  io: CommandLineIo,
): Promise<number> {
  const { timeout = Infinity } = command;
  const deadline = new AbortController();
  const stopTimer = startIdleTimer(timeout, () => deadline.abort());
  const signal = AbortSignal.any([io.signal, deadline.signal]);
  try {
    await printEvents(command, { ...io, signal });
  } catch (error) {
    if (!deadline.signal.aborted) throw error;
  } finally {
    stopTimer();
  }
  if (!deadline.signal.aborted) return CLEAN_END;
  io.report(`ended: ${timeout / 1000} s have passed`);
  return TIMEOUT;
}

async function printEvents(
  command: ReadCommand,
  io: CommandLineIo,
): Promise<void> {
  const { format, types } = command;
  let left = command.count;
  let failure: unknown;
  /** The text of the last event, if its type is `error`; a stream that goes on was repaired. */
  let lastError: string | undefined;
  const connection = connectUpstream(command, io, {
    fetch: format !== "raw"
      ? undefined
      : copyingFetch(command.options, async (chunk) => {
        if (connection.readyState === 2) return;
        try {
          await writeBytes(io, chunk);
        } catch (error) {
          failure = error;
          connection.close();
        }
      }),
  });
  // Ends with the loop, however that ends.
  for await (const event of connection) {
    // With the type among those that are asked for, such an event is expected.
    const isError = event.event === "error" && !types?.has("error");
    lastError = isError ? event.data : undefined;
    if (types !== undefined && !types.has(event.event)) continue;
    if (format === "json") await writeText(io, formatJson(event));
    if (format === "pretty") {
      await writeText(io, formatPretty(event, io.hasColors));
    }
    if (--left === 0) break;
  }
  if (failure !== undefined) throw failure;
  if (lastError !== undefined && !io.signal.aborted) {
    throw new Error(
      `Cannot read event stream: it ended with the event "error": ${lastError}`,
    );
  }
}

/** Makes a `fetch` that hands on each chunk of an event stream before it is parsed. */
function copyingFetch(
  options: ConnectOptions,
  onChunk: (chunk: Uint8Array) => Promise<void>,
): NonNullable<ConnectOptions["fetch"]> {
  return async (url, init) => {
    const response = await fetch(url, init);
    // Of any other response, the error reports the beginning of the body.
    if (findFault(response, options) !== undefined) return response;
    const body = response.body?.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        async transform(chunk, controller): Promise<void> {
          await onChunk(chunk);
          controller.enqueue(chunk);
        },
      }),
    );
    return new Response(body ?? null, response);
  };
}
