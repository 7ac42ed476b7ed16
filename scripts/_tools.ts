// Copyright 2026 the Tidings authors. MIT license.

/** The programs that come from npm, each in the one version that is tested. */

import { installPackage } from "./_install_package.ts";

/** Gives the path of a program, which is installed if need be. */
export type FindTool = () => Promise<string>;

/** The versions of the runtimes, which `docs/runtimes.md` names. */
export const RUNTIME_VERSIONS = {
  node: "26.10.0",
  bun: "1.4.5",
  workerd: "1.20261117.1",
};

const isArm = Deno.build.arch === "aarch64";
const os = Deno.build.os;

/** The newest Node. */
export const findNode: FindTool = () =>
  find(
    `node-${os}-${isArm ? "arm64" : "x64"}`,
    RUNTIME_VERSIONS.node,
    "bin/node",
  );

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

export const findEsbuild: FindTool = () =>
  find(`@esbuild/${os}-${isArm ? "arm64" : "x64"}`, "0.25.5", "bin/esbuild");

/** The newest compiler, for Node to run. */
export const findTypeScript: FindTool = () =>
  find("typescript", "7.0.2", "bin/tsc");

/** The oldest compiler that reads our declarations. */
export const findOldestTypeScript: FindTool = () =>
  find("typescript", "5.6.3", "bin/tsc");

async function find(
  name: string,
  version: string,
  program: string,
): Promise<string> {
  return new URL(program, await installPackage({ name, version })).pathname;
}
