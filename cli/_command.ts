// Copyright 2026 the Tidings authors. MIT license.

/**
 * The commands of the command line, as `parseCommand()` reads them and the functions for
 * each command take them. There is no behaviour here.
 *
 * @module
 */

import type { ConnectOptions } from "../client.ts";

/** The stream that is read or relayed, and which of its events count. */
export interface Upstream {
  url: string;
  options: ConnectOptions;
  /** The event types that count, `undefined` for all. */
  types: ReadonlySet<string> | undefined;
}

/** How `serve` and `relay` serve events. */
export interface Serving {
  port: number;
  hostname: string;
  /** How many events are kept for clients that resume. */
  history: number;
  /** How many past events a new client gets. */
  replay: number | "all";
  /** The origins that may read, `undefined` for none but the server's own. */
  origins: "*" | string[] | undefined;
}

/** Prints the events of a stream. */
export interface ReadCommand extends Upstream {
  name: "read";
  format: "pretty" | "json" | "raw";
  /** How many events to print, `Infinity` for all. */
  count: number;
  /** Milliseconds, `undefined` for no end. */
  timeout: number | undefined;
}

/** Serves the events of standard input. */
export interface ServeCommand extends Serving {
  name: "serve";
  input: "json" | "event-stream" | "text";
  /** The type of the events of lines of text, `undefined` for `message`. */
  type: string | undefined;
}

/** Serves the events of another stream. */
export interface RelayCommand extends Serving, Upstream {
  name: "relay";
}

/** Any command. */
export type Command =
  | { name: "help" | "version" }
  | ReadCommand
  | ServeCommand
  | RelayCommand;
