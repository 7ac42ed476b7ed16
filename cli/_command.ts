// Copyright 2026 the Tidings authors. MIT license.

/** What the command line can be asked to do. */

import type { ConnectOptions } from "../client.ts";

/** Where the events of an upstream come from, and which of them count. */
export interface Upstream {
  url: string;
  options: ConnectOptions;
  /** The event types that count, `undefined` for all. */
  types: ReadonlySet<string> | undefined;
}

/** How events are served. */
export interface Serving {
  port: number;
  hostname: string;
  history: number;
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
  input: "json" | "event-stream";
}

/** Serves the events of another stream. */
export interface RelayCommand extends Serving, Upstream {
  name: "relay";
}

/** What the command line is asked to do. */
export type Command =
  | { name: "help" | "version" }
  | ReadCommand
  | ServeCommand
  | RelayCommand;
