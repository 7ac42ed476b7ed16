// Copyright 2026 the Tidings authors. MIT license.

/** Runs the tests in a page or a worker, and posts the report to where it is from. */

import { runTests } from "./deno_stand_in.ts";
import {
  CHROMIUM_EXCEPTIONS,
  FIREFOX_EXCEPTIONS,
  WEBKIT_EXCEPTIONS,
} from "./exceptions.ts";
import { openTunnel } from "./tunnel.ts";
import "./event_source.ts";
import "./portable.ts";

const { searchParams } = new URL(import.meta.url);
// Cannot fail: scripts/_run_browser.ts sets it.
await openTunnel(searchParams.get("tunnel")!);
const environment = Object.fromEntries(searchParams);
const { userAgent } = navigator;
const exceptions = userAgent.includes("Chrome")
  ? CHROMIUM_EXCEPTIONS
  : userAgent.includes("Firefox")
  ? FIREFOX_EXCEPTIONS
  : WEBKIT_EXCEPTIONS;
await fetch("/report", {
  method: "POST",
  body: JSON.stringify(
    await runTests({ environment, exceptions }),
  ),
});
