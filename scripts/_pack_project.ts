// Copyright 2026 the Tidings authors. MIT license.

/**
 * A project in a folder of its own that installs the npm package, for `deno task test:pack`.
 *
 * @module
 */

import { name } from "./_npm_manifest.ts";
import { runTool } from "./_run_tool.ts";

/**
 * A project that has installed the package, in a folder of its own that is removed
 * at the end. It counts the steps that are tried in it.
 */
export class PackProject implements AsyncDisposable {
  readonly folder: string;
  /** The package as npm packs it, in the folder, once it is installed. */
  tarball = "";
  passed = 0;
  failed = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<PackProject> {
    const project = new PackProject(await Deno.makeTempDir());
    await project.write(
      "package.json",
      '{ "private": true, "type": "module" }',
    );
    return project;
  }

  /** Where the package is, once it is installed. */
  get packageFolder(): string {
    return `${this.folder}/node_modules/${name}`;
  }

  /**
   * Installs the package as npm would from its registry.
   *
   * @param source A folder, or a tarball.
   */
  async install(source: string): Promise<void> {
    const packed = await runTool("npm", [
      "pack",
      "--json",
      "--ignore-scripts",
      await Deno.realPath(source),
    ], { cwd: this.folder });
    const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
    this.tarball = `./${filename}`;
    await this.run("npm", ["install", "--offline", this.tarball]);
  }

  async write(file: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.folder}/${file}`, text);
  }

  /** Runs a program in the folder, and throws what it prints if it fails. */
  async run(command: string, args: string[]): Promise<string> {
    return await runTool(command, args, { cwd: this.folder });
  }

  /** Says whether a step goes well. */
  async step(title: string, test: () => Promise<unknown>): Promise<void> {
    try {
      await test();
      console.log(`${title}: ok`);
      this.passed++;
    } catch (error) {
      console.log(`FAILED: ${title}\n${(error as Error).message}`);
      this.failed++;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
