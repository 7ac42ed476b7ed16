// Copyright 2026 the Tidings authors. MIT license.

/**
 * The manual, which `--help` prints.
 *
 * @module
 */

/** The manual. */
export const HELP = `Server-sent events on the command line.

Usage:
  deno run -N jsr:@tidings/sse/cli <url> [options]        read an event stream
  deno run -N jsr:@tidings/sse/cli serve [options]        serve standard input
  deno run -N jsr:@tidings/sse/cli relay <url> [options]  serve another stream

In Node, npx @tidings/sse takes the place of deno run -N jsr:@tidings/sse/cli.

A <url> without a scheme, such as localhost:8000, is one of http.

Read <url> prints each event as it comes, and stays connected: a lost connection
is reestablished from the last event ID. Changes of state go to standard error,
and on a terminal what is waited for as well.

      --json                Print each event as one line of JSON
      --raw                 Print the bytes as they come
      --count <n>           End after so many events; with --raw, after the
                            bytes that came together with the last of them
      --timeout <seconds>   End after this time, whatever has come. It begins
                            again if the process was stopped meanwhile

Serve publishes standard input to any number of clients. Each line is an event
in JSON, as --json prints it, with any of the members event, data, id, retry and
comment; json, in place of data, may be anything. A line that is no event, or
has more than 16 000 000 characters, is reported and left out. When the input
ends, the history is still served.

      --input <format>      json; text, where each line is the data of an event
                            of the type --event <type>; or event-stream for the
                            bytes of one (default json)

Relay reads <url> once, and serves its events to any number of clients, with IDs
of its own. A stream that begins again with the event that it was to go on after
has that one left out. When it ends for good, the history is still served.

Read and relay make the request:

  -H, --header <header>     Add "Name: value" to the request; may be repeated
  -X, --method <method>     The method (default GET, or POST with -d)
  -d, --data <data>         The body, of the type application/json unless -H
                            says otherwise; @file reads a file, for which deno
                            run needs -R, and - reads standard input
      --last-event-id <id>  Resume after this event
      --event <type>        Only events of this type; may be repeated
      --no-reconnect        End when the connection is lost
      --ignore-content-type Take a response of any Content-Type, or of none
      --ignore-status       Take any status from 200 to 299 that has a body

Serve and relay answer requests, whatever their path:

      --port <number>       The port to listen on, 0 for any (default 8000)
      --hostname <name>     The address to listen on (default 127.0.0.1, this
                            machine alone)
      --history <n>         How many events to keep for clients that resume, as
                            far as 16 MiB go (default 10000)
      --replay <n>          How many past events a new client gets, or all
                            (default: serve all, relay 0)
      --cors <origin>       Pages of this origin may read the stream, * for
                            every origin; may be repeated

  -h, --help                Show this
      --version             Show the version of the package

Exit status:
  0  The stream ended, --count was reached, or you ended it: with Ctrl+C, or by
     closing the pipe that was written to
  1  The stream cannot be read, or the events cannot be served; or the last
     event that was read is of the type error, unless --event asks for it
  2  The arguments are wrong
  3  The time that --timeout gives has passed

Colours are for terminals, and NO_COLOR turns them off.
`;
