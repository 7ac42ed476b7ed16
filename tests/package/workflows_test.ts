// Copyright 2026 the Tidings authors. MIT license.

/**
 * What the workflows of `.github/` promise, as far as it can be seen without them.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { parse } from "npm:yaml@2.9.1";
import config from "../../deno.json" with { type: "json" };

const FOLDER = new URL("../../.github/workflows/", import.meta.url);
const PINNED_REGEXP =
  /^ +- uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;

interface Step {
  id?: string;
  uses?: string;
  run?: string;
  env?: Record<string, string>;
}

interface Job {
  needs?: string | string[];
  outputs?: Record<string, string>;
  uses?: string;
  steps?: Step[];
  permissions?: Record<string, string>;
  strategy?: { matrix: { os: string[] } };
  "timeout-minutes"?: number;
}

interface Workflow {
  env?: Record<string, string>;
  concurrency?: { group: string };
  jobs: Record<string, Job>;
}

const texts = new Map<string, string>();
for await (const { name } of Deno.readDir(FOLDER)) {
  texts.set(name, await Deno.readTextFile(new URL(name, FOLDER)));
}
const workflows = new Map(
  [...texts].map(([name, text]) => [name, parse(text) as Workflow]),
);
const { version, ci, npm, jsr } = workflows.get("publish.yml")!.jobs;

Deno.test("workflows: every action is pinned by its commit, and says its version", () => {
  for (const text of texts.values()) {
    const lines = text.split("\n").filter((line) =>
      /\buses: (?!\.)/.test(line)
    );
    assert(lines.length > 0);
    for (const line of lines) assertMatch(line, PINNED_REGEXP);
  }
});

Deno.test("workflows: every job has a timeout, every workflow its own concurrency", () => {
  const groups = new Set<string>();
  for (const [name, { concurrency, jobs }] of workflows) {
    assert(concurrency !== undefined, name);
    groups.add(concurrency.group);
    for (const [title, job] of Object.entries(jobs)) {
      const hasLimit = job.uses !== undefined ||
        job["timeout-minutes"] !== undefined;
      assert(hasLimit, `${name}: ${title}`);
    }
  }
  // A workflow that calls another one of its own group waits for itself.
  assertEquals(groups.size, workflows.size);
});

Deno.test("workflows: macOS and Windows run the tests", () => {
  const job = workflows.get("ci.yml")!.jobs["test-elsewhere"]!;
  assertEquals(job.strategy?.matrix.os, ["macos-latest", "windows-latest"]);
  assertEquals(job.steps?.at(-1)?.run, "deno task test");
});

Deno.test("workflows: a job of its own runs all frameworks, and the quick ones run with the rest", async () => {
  const { steps } = workflows.get("ci.yml")!.jobs["frameworks"]!;
  assertEquals(steps?.at(-1)?.run, "deno task test:frameworks all");
  const script = await Deno.readTextFile(
    new URL("../../.ci/run", import.meta.url),
  );
  assertMatch(script, /^for task in .*\btest:frameworks\b.*; do$/m);
  assertMatch(config.tasks.ok.command, /&& deno task test:frameworks &&/);
});

Deno.test("workflows: the package that is published is the one that was tested", () => {
  const steps = workflows.get("ci.yml")!.jobs["package"]!.steps!;
  const commands = steps.map(({ run = "" }) => run);
  const packing = commands.findIndex((run) => run.includes("dist/npm.tgz"));
  const testing = commands.indexOf("deno task test:pack dist/npm.tgz");
  assert(packing >= 0 && packing < testing);
  const uploading = steps.findIndex(({ uses = "" }) =>
    uses.startsWith("actions/upload-artifact@")
  );
  assert(testing < uploading);
  assertMatch(npm?.steps?.at(-1)?.run ?? "", /npm publish .*\.\/npm\.tgz/);
});

Deno.test("workflows: the documents that JSR gets link to the repository", () => {
  const { steps } = workflows.get("ci.yml")!.jobs["package"]!;
  const step = steps?.find(({ run = "" }) => run.includes("dist/jsr.tar.gz"));
  const lines = step?.run?.trimEnd().split("\n") ?? [];
  assertEquals(lines.slice(1), [
    "git archive HEAD | tar -x -C jsr",
    "deno run -A scripts/absolute_links.ts jsr",
    "tar -czf dist/jsr.tar.gz -C jsr .",
  ]);
  const url = "${{ github.server_url }}/${{ github.repository }}";
  assertEquals(step?.env, { REPOSITORY_URL: url });
});

Deno.test("workflows: the tests fail without JSR, and the release asks for its dist-tag", () => {
  assertEquals(workflows.get("ci.yml")!.env, { REQUIRE_JSR: "1" });
  const release = version?.steps?.find(({ id }) => id === "release");
  assertEquals(
    release?.run,
    'deno run -A scripts/check_release.ts "$GITHUB_REF_NAME" >> "$GITHUB_OUTPUT"',
  );
  assertEquals(version?.outputs, { tag: "${{ steps.release.outputs.tag }}" });
  assertEquals(
    npm?.steps?.at(-1)?.env,
    { DIST_TAG: "${{ needs.version.outputs.tag }}" },
  );
});

Deno.test("workflows: a job with a token runs nothing of the repository, and JSR waits for npm", () => {
  for (const [name, { jobs }] of workflows) {
    for (const [title, { permissions, steps = [] }] of Object.entries(jobs)) {
      if (permissions?.["id-token"] === undefined) continue;
      assert(name === "publish.yml" && ["npm", "jsr"].includes(title));
      const actions = steps.map(({ uses = "" }) => uses.split("@")[0]);
      assert(!actions.includes("actions/checkout"), title);
      assert(actions.includes("actions/download-artifact"), title);
      const commands = steps.map(({ run = "" }) => run).join("\n");
      assertEquals(/\b(?:task|run|test|eval|install)\b/.exec(commands), null);
    }
  }
  assertEquals([npm?.needs, jsr?.needs], [["version", "ci"], "npm"]);
  assertEquals(ci?.uses, "./.github/workflows/ci.yml");
});

/** A tarball as `npm pack` makes it, with a `package.json` alone. */
async function writePackage(folder: string, emitter: string): Promise<void> {
  await Deno.mkdir(`${folder}/package`);
  await Deno.writeTextFile(
    `${folder}/package/package.json`,
    JSON.stringify({ _generatedBy: emitter }),
  );
  const { success } = await new Deno.Command("tar", {
    args: ["-czf", "npm.tgz", "package"],
    cwd: folder,
  }).output();
  assert(success);
}

const PUBLISH = "publish --provenance --ignore-scripts --tag next ./npm.tgz\n";

for (
  const { title, view, emitter = "dnt@0.43.2", calls, isRed = false } of [
    { title: "publishes a version that npm lacks", view: ":", calls: PUBLISH },
    {
      title: "publishes a package that npm lacks",
      view: "exit 1",
      calls: PUBLISH,
    },
    {
      title: "skips a version that npm has, and goes on",
      view: `echo ${config.version}`,
      calls: "",
    },
    {
      title: "fails for a package that dnt has not built",
      view: ":",
      emitter: "deno@2.9.6",
      calls: "",
      isRed: true,
    },
  ]
) {
  Deno.test({
    name: `workflows: ${title}`,
    // The job runs on Linux.
    ignore: Deno.build.os === "windows",
    async fn() {
      const folder = await Deno.makeTempDir();
      const stand = `#!/bin/sh\nif [ "$1" = view ]; then ${view}\n` +
        `else echo "$@" >> calls; fi\n`;
      await Deno.writeTextFile(`${folder}/npm`, stand, { mode: 0o755 });
      await Deno.writeTextFile(`${folder}/calls`, "");
      await writePackage(folder, emitter);

      const { code } = await new Deno.Command("bash", {
        // As GitHub runs it.
        args: [
          "-e",
          "-o",
          "pipefail",
          "-c",
          npm?.steps?.at(-1)?.run ?? "exit 9",
        ],
        cwd: folder,
        env: {
          PATH: `${folder}:${Deno.env.get("PATH")}`,
          GITHUB_REF_NAME: `v${config.version}`,
          DIST_TAG: "next",
        },
        stdout: "null",
      }).output();

      assertEquals(code, isRed ? 1 : 0);
      assertEquals(await Deno.readTextFile(`${folder}/calls`), calls);
      await Deno.remove(folder, { recursive: true });
    },
  });
}
