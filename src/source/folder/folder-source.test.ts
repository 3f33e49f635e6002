import assert from "node:assert/strict";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Store, type StoreState } from "../../store/store.ts";
import { FolderSource } from "./folder-source.ts";

const service = (name: string, port: number) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{port: ${port}}]}\n`;

/** `name:port` of every Service, in order. */
const services = ({ snapshot }: StoreState): readonly string[] =>
  snapshot
    .list("Service")
    .map(({ metadata, spec }) => `${metadata.name}:${spec.ports?.[0]?.port}`)
    .sort();

async function watched(t: TestContext, prepare: (root: string) => Promise<unknown>, pathOf = (root: string) => root) {
  const root = await mkdtemp(join(tmpdir(), "sluice-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  await prepare(root);
  const store = new Store();
  const source = new FolderSource([pathOf(root)], { store, watch: "changes", quietMs: 20 });
  t.after(() => source.close());
  await source.start();
  /** Resolves with the first state, from now on, that passes. */
  const until = (passes: (state: StoreState) => boolean): Promise<StoreState> =>
    new Promise((resolve) => {
      const stop = store.subscribe((state) => {
        if (!passes(state)) return;
        stop();
        resolve(state);
      });
    });
  const untilServices = (...expected: string[]) => until((state) => services(state).join() === expected.join());
  return { root, store, source, until, untilServices };
}

test("FolderSource reads a file again when it is written", async (t) => {
  const { root, store, untilServices } = await watched(t, (root) => writeFile(join(root, "a.yaml"), service("a", 1)));
  assert.deepEqual(services(store.state), ["a:1"]);
  const changed = untilServices("a:2");
  await writeFile(join(root, "a.yaml"), service("a", 2));
  await changed;
});

test("FolderSource follows an editor that replaces the file", async (t) => {
  const { root, untilServices } = await watched(t, (root) => writeFile(join(root, "a.yaml"), service("a", 1)));
  for (const port of [2, 3, 4]) {
    const changed = untilServices(`a:${port}`);
    await writeFile(join(root, ".a.yaml.swp"), service("a", port));
    await rename(join(root, ".a.yaml.swp"), join(root, "a.yaml"));
    await changed;
  }
});

test("FolderSource follows a single file that is replaced", async (t) => {
  const file = (root: string) => join(root, "manifest");
  const { root, untilServices } = await watched(t, (root) => writeFile(file(root), service("a", 1)), file);
  const changed = untilServices("a:2");
  await writeFile(join(root, "other"), service("a", 2));
  await rename(join(root, "other"), file(root));
  await changed;
});

test("FolderSource follows a mounted ConfigMap whose ..data link is re-pointed", async (t) => {
  const mount = async (root: string, version: string, port: number) => {
    await mkdir(join(root, version));
    await writeFile(join(root, version, "a.yaml"), service("a", port));
    await symlink(version, join(root, "..tmp"));
    await rename(join(root, "..tmp"), join(root, "..data"));
  };
  const { root, store, untilServices } = await watched(t, async (root) => {
    await mount(root, "..v1", 1);
    await symlink("..data/a.yaml", join(root, "a.yaml"));
  });
  assert.deepEqual(services(store.state), ["a:1"]);
  for (const version of [2, 3]) {
    const changed = untilServices(`a:${version}`);
    await mount(root, `..v${version}`, version);
    await rm(join(root, `..v${version - 1}`), { recursive: true });
    await changed;
  }
  assert.deepEqual(store.state.findings, []);
});

test("FolderSource sees new folders, new files in them, and files that are removed", async (t) => {
  const { root, untilServices } = await watched(t, (root) => writeFile(join(root, "a.yaml"), service("a", 1)));
  const added = untilServices("a:1", "b:2");
  await mkdir(join(root, "more", "deep"), { recursive: true });
  await writeFile(join(root, "more", "deep", "b.yaml"), service("b", 2));
  await added;
  const changed = untilServices("a:1", "b:3");
  await writeFile(join(root, "more", "deep", "b.yaml"), service("b", 3));
  await changed;
  const removed = untilServices("b:3");
  await rm(join(root, "a.yaml"));
  await removed;
});

test("FolderSource keeps what a file said before while it does not parse, and last-good-kept says so", async (t) => {
  const { root, until, untilServices } = await watched(t, (root) =>
    writeFile(join(root, "a.yaml"), `${service("a", 1)}---\n${service("b", 2)}`),
  );
  const broken = until(({ findings }) => findings.length > 0);
  await writeFile(join(root, "a.yaml"), `${service("a", 9)}---\n${service("b", 2)}\t- oops\n`);
  const state = await broken;
  assert.deepEqual(services(state), ["a:9", "b:2"], "the good document counts, the broken one is as before");
  assert.deepEqual(
    state.findings.map(({ name, position }) => [name, position?.line]),
    [
      ["syntax-error", 10],
      ["last-good-kept", 10],
    ],
  );
  assert.equal(
    state.findings[1]?.message,
    `\`${join(root, "a.yaml")}\` has an error on line 10; the previous version stays in use for Service b.`,
  );
  const mended = untilServices("a:9");
  await writeFile(join(root, "a.yaml"), service("a", 9));
  assert.deepEqual((await mended).findings, []);
});

test("FolderSource keeps an object that is no longer valid, through several bad edits", async (t) => {
  const { root, until, untilServices } = await watched(t, (root) =>
    writeFile(join(root, "a.yaml"), `${service("a", 1)}---\n${service("b", 2)}`),
  );
  for (const port of [0, 70_000]) {
    const broken = until(({ findings }) => findings.some(({ message }) => message.includes(`it is ${port}`)));
    await writeFile(join(root, "a.yaml"), `${service("a", port)}---\n${service("b", 3)}`);
    const state = await broken;
    assert.deepEqual(services(state), ["a:1", "b:3"]);
    assert.deepEqual(
      state.findings.map(({ name }) => name),
      ["field-invalid", "last-good-kept"],
    );
  }
  const mended = untilServices("a:4", "b:3");
  await writeFile(join(root, "a.yaml"), `${service("a", 4)}---\n${service("b", 3)}`);
  assert.deepEqual((await mended).findings, []);
});

test("FolderSource keeps what a file said when it is empty all at once, and drops it when the file is deleted", async (t) => {
  const { root, until, untilServices } = await watched(t, (root) => writeFile(join(root, "a.yaml"), service("a", 1)));
  const empty = until(({ findings }) => findings.length > 0);
  await writeFile(join(root, "a.yaml"), "");
  const state = await empty;
  assert.deepEqual(services(state), ["a:1"]);
  assert.deepEqual(
    state.findings.map(({ name }) => name),
    ["last-good-kept"],
  );
  const removed = untilServices();
  await rm(join(root, "a.yaml"));
  await removed;
});

test("FolderSource keeps everything when the folder itself vanishes, and goes on when it is back", async (t) => {
  const inner = (root: string) => join(root, "conf");
  const { root, source, store, untilServices } = await watched(
    t,
    async (root) => {
      await mkdir(inner(root));
      for (const [index, name] of ["a", "b", "c", "d"].entries())
        await writeFile(join(inner(root), `${name}.yaml`), service(name, index + 1));
    },
    inner,
  );
  await rename(inner(root), join(root, "away"));
  await source.reload();
  assert.deepEqual(services(store.state), ["a:1", "b:2", "c:3", "d:4"]);
  assert.deepEqual(
    store.state.findings.map(({ name, message }) => `${name}: ${message.replaceAll(inner(root), "conf")}`),
    [
      "path-unreadable: `conf` does not exist.",
      "last-good-kept: `conf` cannot be read; the previous version stays in use for Service a, Service b, Service c and 1 more.",
    ],
  );
  const back = untilServices("a:9", "b:2", "c:3", "d:4");
  await writeFile(join(root, "away", "a.yaml"), service("a", 9));
  await rename(join(root, "away"), inner(root));
  await source.reload();
  await back;
});

test("FolderSource.reload of the same content changes nothing and keeps every object", async (t) => {
  const { root, store, source } = await watched(t, (root) =>
    writeFile(join(root, "a.yaml"), `${service("a", 1)}---\nbroken: [`),
  );
  const { version, snapshot } = store.state;
  await writeFile(join(root, "a.yaml"), `${service("a", 1)}---\nbroken: [`);
  await source.reload();
  await source.reload();
  assert.deepEqual([store.state.version, store.state.snapshot === snapshot], [version, true]);
});

test("FolderSource keeps what standard input said when files change", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "sluice-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  await writeFile(join(root, "a.yaml"), service("a", 1));
  async function* stdin() {
    yield service("in", 5);
  }
  const store = new Store();
  await using source = new FolderSource(["-", root], { store, watch: "changes", stdin: stdin() });
  await source.start();
  await writeFile(join(root, "a.yaml"), service("a", 2));
  await source.reload();
  assert.deepEqual(services(store.state), ["a:2", "in:5"]);
});
