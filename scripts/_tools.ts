// Copyright 2026 the Tidings authors. MIT license.

/**
 * The programs that come from npm, each in the one version that is tested.
 *
 * @module
 */

import { installAddon, installPackage } from "./_install_package.ts";

/** Gives the path of a program, which is installed if need be. */
export type FindTool = () => Promise<string>;

/** The versions of the runtimes, which `docs/runtimes.md` names. */
export const RUNTIME_VERSIONS = {
  node: "26.10.0",
  bun: "1.4.5",
  workerd: "1.20261117.1",
};

/**
 * The oldest Node of each range of `engines` in `package.json`, with the names of the
 * warnings that it gives where it loads ES modules by `require()`.
 */
export const OLDEST_NODES: Record<string, string[]> = {
  "20.19.0": [],
  "22.12.0": ["ExperimentalWarning"],
};

const isArm = Deno.build.arch === "aarch64";
const os = Deno.build.os;

/** The newest Node. */
export const findNode: FindTool = () => findNodeVersion(RUNTIME_VERSIONS.node);

/** Any version of Node. */
export function findNodeVersion(version: string): Promise<string> {
  return find(`node-${os}-${isArm ? "arm64" : "x64"}`, version, "bin/node");
}

export const findBun: FindTool = () =>
  find(
    `@oven/bun-${os}-${isArm ? "aarch64" : "x64"}`,
    RUNTIME_VERSIONS.bun,
    "bin/bun",
  );

/** The runtime of Cloudflare Workers. */
export const findWorkerd: FindTool = () =>
  find(
    `@cloudflare/workerd-${os}-${isArm ? "arm64" : "64"}`,
    RUNTIME_VERSIONS.workerd,
    "bin/workerd",
  );

/** Finds better-sqlite3 for Node 20: a folder that the program `node` can `require()`. */
export const findBetterSqlite: FindTool = async () =>
  (await installAddon({ name: "better-sqlite3", version: "12.11.1" })).pathname;

export const findEsbuild: FindTool = () =>
  find(`@esbuild/${os}-${isArm ? "arm64" : "x64"}`, "0.25.5", "bin/esbuild");

/** The newest compiler, for Node to run. */
export const findTypeScript: FindTool = () =>
  find("typescript", "7.0.2", "bin/tsc");

/** The oldest compiler that reads our declarations. */
export const findOldestTypeScript: FindTool = () =>
  find("typescript", "5.6.3", "bin/tsc");

/** What checks a package for npm, for Node to run. */
export const findPublint: FindTool = () =>
  find("publint", "0.3.25", "src/cli.js");

/** What checks how compilers and runtimes resolve a package, for Node to run. */
export const findAttw: FindTool = () =>
  find("@arethetypeswrong/cli", "0.18.5", "dist/index.js");

async function find(
  name: string,
  version: string,
  program: string,
): Promise<string> {
  return new URL(program, await installPackage({ name, version })).pathname;
}
