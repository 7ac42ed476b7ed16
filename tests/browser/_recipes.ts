// Copyright 2026 the Tidings authors. MIT license.

/**
 * Makes scripts for a page of the recipes in `docs/interfaces.md`, with the compilers of
 * their frameworks.
 *
 * @module
 */

import { transformSync } from "npm:@babel/core@7.29.13";
import solid from "npm:babel-preset-solid@1.9.16";
import { compile } from "npm:svelte@5.57.3/compiler";
import { compileScript, parse } from "npm:@vue/compiler-sfc@3.5.45";
import { bundle } from "../../scripts/_bundle.ts";

/** A recipe of the page. */
export interface Recipe {
  /** Its language, such as `jsx`. */
  language: string;
  code: string;
}

const PAGE = await Deno.readTextFile("docs/interfaces.md");
const BLOCK_REGEXP = /^```(\w+) ignore interface (\w+)\n([^]*?)^```$/gm;

/** The packages, each in the one version that is tested. */
const IMPORTS = {
  "@tanstack/react-query": "npm:@tanstack/react-query@5.108.4",
  "@tidings/sse/client": import.meta.resolve("../../client.ts"),
  "react": "npm:react@19.3.1",
  "react/jsx-runtime": "npm:react@19.3.1/jsx-runtime",
  "react-dom/client": "npm:react-dom@19.3.1/client",
  "solid-js": "npm:solid-js@1.9.20",
  "solid-js/web": "npm:solid-js@1.9.20/web",
  "svelte": "npm:svelte@5.57.3",
  "svelte/": "npm:/svelte@5.57.3/",
  "vue": "npm:vue@3.5.45",
};

/** What ends a recipe, as far as the page leaves that to the application. */
const LEAVE: Record<string, string> = {
  plain: "source.close();",
  react: "root.unmount();",
  store: "root.unmount();",
  query: "root.unmount();",
  solid: "dispose();",
};

/** The recipes of the page by their names. */
export const RECIPES: ReadonlyMap<string, Recipe> = new Map(
  // Cannot fail: the pattern has the three groups.
  [...PAGE.matchAll(BLOCK_REGEXP)].map(([, language, name, code]) => [
    name!,
    { language: language!, code: code! },
  ]),
);

/** Makes the script of a recipe, whose end the page can call as `leave()`. */
export async function bundleRecipe(name: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "tidings_recipe_" });
  try {
    const config = `${folder}/deno.json`;
    await Deno.writeTextFile(
      config,
      JSON.stringify({
        imports: IMPORTS,
        compilerOptions: { jsx: "react-jsx", jsxImportSource: "react" },
        lock: false,
      }),
    );
    for (const [file, code] of Object.entries(filesOf(name))) {
      await Deno.writeTextFile(`${folder}/${file}`, code);
    }
    const isReact = RECIPES.get(name)?.code.includes('"react"');
    const main = `${folder}/main.${isReact ? "jsx" : "js"}`;
    return await bundle(main, { config, isForPage: true });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function filesOf(name: string): Record<string, string> {
  const { language, code } = RECIPES.get(name)!;
  const leave = `\nglobalThis.leave = () => { ${LEAVE[name]} };\n`;
  if (language === "vue") {
    const { descriptor } = parse(code);
    const options = { id: "app", inlineTemplate: true };
    return {
      "App.js": compileScript(descriptor, options).content,
      "main.js": `import { createApp } from "vue";
import App from "./App.js";
const app = createApp(App);
app.mount("#app");
globalThis.leave = () => app.unmount();\n`,
    };
  }
  if (language === "svelte") {
    return {
      "App.js": compile(code, { generate: "client" }).js.code,
      "main.js": `import { mount, unmount } from "svelte";
import App from "./App.js";
const app = mount(App, { target: document.querySelector("#app") });
globalThis.leave = () => unmount(app);\n`,
    };
  }
  if (name === "solid") {
    const compiled = transformSync(code, {
      presets: [solid],
      babelrc: false,
      configFile: false,
    });
    return { "main.js": compiled?.code + leave };
  }
  return { [`main.${language}`]: code + leave };
}
