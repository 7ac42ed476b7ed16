// Copyright 2026 the Tidings authors. MIT license.

/** Tests that cannot hold in WebKit, for no fault of ours: names and reasons. */

const SOURCES = ["connect", "EventSource", "SharedEventSource"];
const NO_OFFLINE = "WebDriver cannot take the network away";

export const WEBKIT_EXCEPTIONS: Record<string, string> = {
  ...Object.fromEntries(
    SOURCES.flatMap((source) =>
      [
        `ends the wait of ${source} when the page has a network again`,
        `makes a silent connection of ${source} again when the page has a network again`,
        `keeps a connection of ${source} that was not silent when the page has a network again`,
        `disconnects ${source} of a hidden page, and resumes`,
      ].map((what) => [`browser: followPage() ${what}`, NO_OFFLINE])
    ),
  ),
  ...Object.fromEntries(
    ["EventSource", "fetch"].flatMap((reader) =>
      ["zstd", "br"].map((coding) => [
        `browser: ${reader} gets each event of a compressed stream before the next one is sent: ${coding}`,
        "the browser does not offer this coding without TLS",
      ])
    ),
  ),
};
