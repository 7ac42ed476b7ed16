// Copyright 2026 the Tidings authors. MIT license.

/**
 * The frameworks that are built before they run: what their projects hold besides the
 * program of the guide, and how they are built.
 *
 * @module
 */

import { runTool } from "../../scripts/_run_tool.ts";
import type { FindTool } from "../../scripts/_tools.ts";

/** A framework that is built before it runs. */
export interface Build {
  /** Its folder in the project, so that no framework finds the files of another. */
  folder: string;
  /** Where the program goes. A program of several files names them in comments. */
  file: string;
  /** What its folder holds besides the program, by path. */
  files: (upstreamPort?: number) => Record<string, string>;
  /** The arguments of Node that build it. */
  args: string[];
  /** Its environment, where it runs. */
  env?: Record<string, string>;
}

/** Milliseconds for a build. */
const TIME_LIMIT = 300_000;
const MODULES = "../node_modules";
/** Adds the channel to those of the probe, whose copy of the class is another one. */
const PROBE = "globalThis.channels?.add(channel);\n";
const FILE_REGEXP = /^\/\/ (\S+\.js)\n/gm;

/** A Node package of ES modules. */
const MANIFEST = { "package.json": '{ "private": true, "type": "module" }\n' };

export const NEXT: Build = {
  folder: "next",
  file: "app/events/route.js",
  files: (upstreamPort) => ({
    ...MANIFEST,
    "next.config.mjs": `export default {${
      upstreamPort === undefined ? "" : `
  rewrites: () => ({
    beforeFiles: [{
      source: "/events",
      destination: "http://127.0.0.1:${upstreamPort}/events",
    }],
  }),`
    }
  turbopack: { root: import.meta.dirname + "/.." },
};\n`,
  }),
  args: [`${MODULES}/next/dist/bin/next`, "build"],
};

export const SVELTEKIT: Build = {
  folder: "sveltekit",
  file: "src/routes/events/+server.js",
  files: () => ({
    ...MANIFEST,
    "vite.config.js": `import adapter from "@sveltejs/adapter-node";
import { sveltekit } from "@sveltejs/kit/vite";
export default { plugins: [sveltekit({
  adapter: adapter(),
  paths: { origin: "https://site.example" },
})] };\n`,
    "src/app.html":
      "<!doctype html><title>a</title>%sveltekit.head% %sveltekit.body%\n",
  }),
  args: [`${MODULES}/vite/bin/vite.js`, "build"],
  env: { HOST: "127.0.0.1", PORT: "0" },
};

export const REACT_ROUTER: Build = {
  folder: "react-router",
  file: "app/routes/events.js",
  files: () => ({
    ...MANIFEST,
    "vite.config.js": `import { reactRouter } from "@react-router/dev/vite";
export default { plugins: [reactRouter()] };\n`,
    "app/root.jsx": `import { Outlet } from "react-router";
export default () => <html><body><Outlet /></body></html>;\n`,
  }),
  args: [`${MODULES}/@react-router/dev/bin.cjs`, "build"],
  env: { HOST: "127.0.0.1", PORT: "0" },
};

export const NUXT: Build = {
  folder: "nuxt",
  file: "server/routes/events.js",
  files: () => ({
    ...MANIFEST,
    "nuxt.config.js":
      'export default { compatibilityDate: "2026-11-01", telemetry: false };\n',
    "app/app.vue": "<template><p>a</p></template>\n",
  }),
  args: [`${MODULES}/nuxt/bin/nuxt.mjs`, "build"],
  // It takes 0 for no port, so the probe chooses one.
  env: { HOST: "127.0.0.1", FREE_PORT: "1" },
};

/** The files of a program: those that its comments name, or the one of the framework. */
function filesOf(code: string, file: string): Record<string, string> {
  const [before = "", ...parts] = code.split(FILE_REGEXP);
  if (parts.length === 0) return { [file]: before + PROBE };
  const files: Record<string, string> = {};
  for (let i = 0; i < parts.length; i += 2) {
    const part = parts[i + 1]!;
    const isServer = part.includes("new EventChannel()");
    files[parts[i]!] = isServer ? part + PROBE : part;
  }
  return files;
}

/**
 * Writes a project and builds it.
 *
 * @param code The program of the guide.
 * @param project The folder where the frameworks are installed.
 * @param upstreamPort The port of the server that it is to pass requests on to.
 * @returns The folder of the framework.
 */
export async function buildApp(
  { folder, file, files, args }: Build,
  code: string,
  { project, findNode, upstreamPort }: {
    project: string;
    findNode: FindTool;
    upstreamPort?: number | undefined;
  },
): Promise<string> {
  const cwd = `${project}/${folder}`;
  await Deno.remove(cwd, { recursive: true }).catch(() => {});
  const all = { ...files(upstreamPort), ...filesOf(code, file) };
  for (const [path, text] of Object.entries(all)) {
    const target = `${cwd}/${path}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), {
      recursive: true,
    });
    await Deno.writeTextFile(target, text);
  }
  await runTool(await findNode(), args, { cwd, timeLimit: TIME_LIMIT });
  return cwd;
}
