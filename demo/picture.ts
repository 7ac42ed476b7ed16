// Copyright 2026 the Tidings authors. MIT license.

/**
 * Takes the picture of the demo that the README shows, `docs/demo.png`: light and
 * dark side by side, after the connections were dropped once.
 *
 * @module
 */

import { encodeBase64 } from "../socket/_base64.ts";
import { Demo } from "./server.ts";
import { Browser, type Page } from "../tests/browser/_browser.ts";

const WIDTH = 760;
const HEIGHT = 900;
// Long enough for lines that can be seen in the charts.
const RUNNING_TIME = 20_000;

const demo = new Demo(0);
await using browser = await Browser.launch("chromium");
try {
  const light = await openDemo("light");
  const dark = await openDemo("dark");
  await wait(RUNNING_TIME / 2);
  await fetch(`${demo.url}drop`, { method: "POST" });
  await wait(RUNNING_TIME / 2);
  const pictures = [await light.screenshot(), await dark.screenshot()];
  await Deno.writeFile("docs/demo.png", await join(pictures));
} finally {
  await demo.close();
}

async function openDemo(scheme: "light" | "dark"): Promise<Page> {
  const page = await browser.open(demo.url);
  await page.emulate(WIDTH, HEIGHT, scheme);
  return page;
}

/** Joins pictures side by side, with Chromium. */
async function join(pictures: Uint8Array[]): Promise<Uint8Array> {
  const images = pictures.map((picture) =>
    `<img src="data:image/png;base64,${encodeBase64(picture)}">`
  );
  const html = `<body style="margin:0;display:flex">${images.join("")}`;
  const file = await Deno.makeTempFile({ suffix: ".html" });
  await Deno.writeTextFile(file, html);
  const page = await browser.open(`file://${file}`);
  await page.emulate(WIDTH * pictures.length, HEIGHT, "light");
  const joined = await page.screenshot();
  await Deno.remove(file);
  return joined;
}

function wait(delay: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delay));
}
