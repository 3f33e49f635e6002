import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { listLimits } from "./list-files.ts";
import { loadPaths } from "./load-paths.ts";
import { readText } from "./read-file.ts";

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "sluice-"));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}
const configMap = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const load = async (...paths: string[]) => {
  const { snapshot, findings, unreadable } = await loadPaths(paths);
  return { names: snapshot.list("ConfigMap").map(({ metadata }) => metadata.name), findings, unreadable };
};

test("loadPaths reads folders to the bottom in the order of names, and manifests alone", async (t) => {
  const root = await folder(t);
  await mkdir(join(root, "b", "deep"), { recursive: true });
  await mkdir(join(root, "node_modules"));
  await mkdir(join(root, ".git"));
  for (const [path, name] of [
    ["c.yml", "c"],
    ["b/deep/x.json", "x"],
    ["b/a.YAML", "ba"],
    ["a.yaml", "a"],
    ["a.txt", "no"],
    [".hidden.yaml", "no"],
    ["node_modules/m.yaml", "no"],
    [".git/g.yaml", "no"],
  ] as const) {
    await writeFile(
      join(root, path),
      path.endsWith("json")
        ? JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } })
        : configMap(name),
    );
  }
  assert.deepEqual(await load(root), { names: ["a", "ba", "x", "c"], findings: [], unreadable: false });
});

test("loadPaths reads a file that is named, whatever it is called, and no file twice", async (t) => {
  const root = await folder(t);
  await writeFile(join(root, "a.yaml"), configMap("a"));
  await writeFile(join(root, "manifest"), configMap("b"));
  const { names, findings } = await load(join(root, "manifest"), root, join(root, "a.yaml"));
  assert.deepEqual([names, findings], [["b", "a"], []]);
});

test("loadPaths reads a mounted ConfigMap once, and ends at links that lead in circles", async (t) => {
  const root = await folder(t);
  await mkdir(join(root, "..2026"));
  await writeFile(join(root, "..2026", "a.yaml"), configMap("a"));
  await symlink("..2026", join(root, "..data"));
  await symlink("..data/a.yaml", join(root, "a.yaml"));
  await symlink(".", join(root, "again"));
  assert.deepEqual(await load(root), { names: ["a"], findings: [], unreadable: false });
});

test("loadPaths: path-unreadable for what does not exist, and the rest is read", async (t) => {
  const root = await folder(t);
  await writeFile(join(root, "a.yaml"), configMap("a"));
  const { names, findings, unreadable } = await load(join(root, "nowhere"), root);
  assert.deepEqual(names, ["a"]);
  assert.equal(unreadable, true);
  assert.deepEqual(
    findings.map(({ name, message }) => [name, message]),
    [["path-unreadable", `\`${join(root, "nowhere")}\` does not exist.`]],
  );
});

test("loadPaths: path-unreadable for what may not be read", {
  skip: process.getuid?.() === 0 && "root may read everything",
}, async (t) => {
  const root = await folder(t);
  await writeFile(join(root, "a.yaml"), configMap("a"));
  await chmod(join(root, "a.yaml"), 0);
  const { findings, unreadable } = await load(root);
  assert.deepEqual([findings.map(({ name }) => name), unreadable], [["path-unreadable"], true]);
});

test("loadPaths: no-objects for a folder without manifests", async (t) => {
  const root = await folder(t);
  await writeFile(join(root, "README.md"), "hello");
  const { findings, unreadable } = await load(root);
  assert.deepEqual([findings.map(({ name }) => name), unreadable], [["no-objects"], false]);
});

test("loadPaths: source-too-large for a file above 16 MiB, which is not read into memory", async (t) => {
  const root = await folder(t);
  await writeFile(join(root, "a.yaml"), "");
  await truncate(join(root, "a.yaml"), 17 * 1024 * 1024);
  assert.deepEqual(
    (await load(root)).findings.map(({ name }) => name),
    ["source-too-large"],
  );
});

test("loadPaths does not follow a link to a folder above it, and says so", async (t) => {
  const root = await folder(t);
  const inner = join(root, "inner");
  await mkdir(inner);
  await writeFile(join(root, "outside.yaml"), configMap("outside"));
  await writeFile(join(inner, "z.yaml"), configMap("z"));
  await symlink("/", join(inner, "everything"));
  await symlink("..", join(inner, "up"));
  const { names, findings } = await load(inner);
  assert.deepEqual(names, ["z"]);
  assert.deepEqual(
    findings.map(({ name, message }) => [name, message]),
    [
      ["source-too-large", `\`${join(inner, "everything")}\` is not read. It is a link to \`/\`, a folder above it.`],
      ["source-too-large", `\`${join(inner, "up")}\` is not read. It is a link to \`${root}\`, a folder above it.`],
    ],
  );
});

test("loadPaths: source-too-large names the folder at which a walk ends, once; what is before it is read", async (t) => {
  const root = await folder(t);
  await writeFile(join(root, "a.yaml"), configMap("a"));
  for (let number = 1000; number < 1000 + listLimits.folders; number++) await mkdir(join(root, `f${number}`));
  await writeFile(join(root, "z.yaml"), configMap("z"));
  const { names, findings } = await load(root);
  assert.deepEqual(names, ["a"]);
  assert.deepEqual(
    findings.map(({ name, message }) => [name, message]),
    [
      [
        "source-too-large",
        `There are more than 1000 folders; \`${join(root, "f1999")}\` and everything after it are not read.`,
      ],
    ],
  );
});

test("loadPaths: source-too-large for a folder that is nested too deep", async (t) => {
  const root = await folder(t);
  const deep = join(root, ...Array.from({ length: listLimits.depth + 1 }, () => "d"));
  await mkdir(deep, { recursive: true });
  await writeFile(join(deep, "a.yaml"), configMap("a"));
  await writeFile(join(deep, "..", "b.yaml"), configMap("b"));
  const { names, findings } = await load(root);
  assert.deepEqual(names, ["b"]);
  assert.match(findings[0]?.message ?? "", /^`.*` is not read\. It is more than 32 folders deep\.$/);
});

test("readText: source-too-large for a file beyond what all files together may have", async (t) => {
  const root = await folder(t);
  await writeFile(join(root, "a.yaml"), configMap("a"));
  assert.ok("text" in (await readText(join(root, "a.yaml"), 100)));
  const content = await readText(join(root, "a.yaml"), 10);
  assert.equal("finding" in content && content.finding.name, "source-too-large");
});

test("loadPaths: syntax-error for a file that is not UTF-8", async (t) => {
  const root = await folder(t);
  await writeFile(join(root, "a.yaml"), Buffer.from([0x61, 0xff, 0x62]));
  assert.deepEqual(
    (await load(root)).findings.map(({ name, message }) => [name, message]),
    [["syntax-error", `\`${join(root, "a.yaml")}\` is not UTF-8 text.`]],
  );
});

test("loadPaths reads standard input as -", async () => {
  async function* input() {
    yield configMap("a").slice(0, 10);
    yield Buffer.from(configMap("a").slice(10));
  }
  const { snapshot, findings } = await loadPaths(["-"], { stdin: input() });
  assert.deepEqual(findings, []);
  assert.equal(snapshot.get("ConfigMap", "default", "a")?.origin?.file, "-");
});

test("loadPaths: of an object defined in two files the one in the later file counts", async (t) => {
  const root = await folder(t);
  await writeFile(join(root, "a.yaml"), `${configMap("x")}data: {from: a}\n`);
  await writeFile(join(root, "b.yaml"), `${configMap("x")}data: {from: b}\n`);
  const { snapshot, findings } = await loadPaths([root]);
  assert.deepEqual(snapshot.get("ConfigMap", "default", "x")?.data, { from: "b" });
  assert.deepEqual(
    findings.map(({ name, message, position }) => [name, message, position?.file]),
    [
      [
        "object-repeated",
        `ConfigMap default/x is defined again at ${join(root, "b.yaml")}:1; that definition is used, this one is not.`,
        join(root, "a.yaml"),
      ],
    ],
  );
});
