/**
 * The published package as a user gets it: built, packed, installed into an empty folder, and run from there.
 * Ends with `N passed, N failed`.
 */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "sluice-package-"));
let passed = 0;
let failed = 0;

function check(name: string, run: () => void): void {
  try {
    run();
    passed++;
    console.log(`✔ ${name}`);
  } catch (error) {
    failed++;
    console.log(`✖ ${name}\n${error instanceof Error ? error.message : error}`);
  }
}

const npm = (args: readonly string[], cwd: string): string =>
  execFileSync("npm", [...args, "--loglevel=error"], { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

/** Runs the installed command with a given Node binary. */
const sluice = (node: string, args: readonly string[]) =>
  spawnSync(node, [join(folder, "node_modules/.bin/sluice"), ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 30_000,
  });

try {
  npm(["run", "-s", "build"], root);
  const [packed] = JSON.parse(npm(["pack", "--json", "--pack-destination", folder], root)) as [
    { filename: string; version: string; files: { path: string }[] },
  ];
  writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
  npm(["install", "--no-save", join(folder, packed.filename)], folder);

  check("the package holds no tests and no sources", () => {
    const stray = packed.files.filter(({ path }) => /\.test\.|^src\/|^test\//.test(path));
    assert.deepEqual(stray, []);
  });
  check("sluice version says the version of package.json", () => {
    const run = sluice(process.execPath, ["version", "-o", "json"]);
    assert.equal(run.status, 0, run.stderr);
    assert.equal(JSON.parse(run.stdout).sluice, packed.version);
  });
  check("sluice check passes on the packed quickstart", () => {
    const run = sluice(process.execPath, [
      "check",
      "--self-signed",
      join(folder, "node_modules/sluice/examples/quickstart"),
    ]);
    assert.equal(run.status, 0, run.stdout + run.stderr);
  });
  const systemNode = execFileSync("sh", ["-c", "PATH=/usr/local/bin:/usr/bin:/bin command -v node || true"], {
    encoding: "utf8",
  }).trim();
  const version = systemNode === "" ? "" : execFileSync(systemNode, ["--version"], { encoding: "utf8" }).trim();
  if (version !== "" && Number(/^v(\d+)/.exec(version)?.[1]) < 24) {
    check(`an older Node (${version}) is told plainly what is needed`, () => {
      const run = sluice(systemNode, ["version"]);
      assert.equal(run.status, 1);
      assert.match(run.stderr, /Node(\.js)? 24/);
      assert.doesNotMatch(run.stderr, /\n\s+at /);
    });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(root, "dist"), { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
