/**
 * The files below `deploy/` are written from `src/install/`: `npm run manifests` writes them, `deploy.test.ts` fails when one
 * differs or is left over.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { renderData } from "../src/cli/render/data.ts";
import { packageVersion } from "../src/cli/version.ts";
import { installObjects } from "../src/install/manifests.ts";
import { initialOptions } from "../src/install/options.ts";
import { chartFiles } from "../src/install/render-chart.ts";

const root = new URL("../deploy/", import.meta.url).pathname;

/** Every file below `deploy/` with the content that it should have. */
export function deployFiles(version: string = packageVersion()): ReadonlyMap<string, string> {
  const objects = installObjects(initialOptions(version), version);
  const manifest = [
    "# The whole installation with its defaults; the same as `sluice install --dry-run`.\n# Written by `npm run manifests` from src/install/; change it there.\n",
    ...objects.map((object) => `---\n${renderData(object, "yaml")}`),
  ].join("");
  const chart = chartFiles(version).map(({ path, content }) => [`chart/sluice/${path}`, content] as const);
  return new Map([["install.yaml", manifest], ...chart]);
}

/** Paths of files that differ from what they should be, are missing, or should not be there. */
export function outdated(files: ReadonlyMap<string, string> = deployFiles()): readonly string[] {
  const present = globSync("**/*.*", { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
  const stray = present.filter((path) => !files.has(path));
  const changed = [...files].filter(
    ([path, content]) => !present.includes(path) || readFileSync(root + path, "utf8") !== content,
  );
  return [...stray, ...changed.map(([path]) => path)].sort();
}

if (import.meta.main) {
  const files = deployFiles();
  const paths = outdated(files);
  const write = process.argv.includes("--write");
  for (const path of paths) {
    const content = files.get(path);
    if (write && content === undefined) rmSync(root + path);
    if (write && content !== undefined) {
      mkdirSync(dirname(root + path), { recursive: true });
      writeFileSync(root + path, content);
    }
    console.log(`${write ? "wrote" : "outdated:"} deploy/${path}`);
  }
  process.exitCode = write || paths.length === 0 ? 0 : 1;
}
