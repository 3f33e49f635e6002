import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Store, type StoreState } from "../../../store/store.ts";
import { loadPaths } from "../load-paths.ts";
import { startFolderThread } from "./folder-thread.ts";
import { WorkerSource } from "./worker-source.ts";

const service = (name: string, port: number) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec:\n  ports:\n    - {port: ${port}}\n`;
/** More text than is parsed where requests are served. */
const longList = `apiVersion: v1\nkind: List\nitems:\n${Array.from(
  { length: 1500 },
  (_, index) => `- apiVersion: v1\n  kind: Service\n  metadata:\n    name: s${index}\n  spec: {ports: [{port: 80}]}\n`,
).join("")}`;

async function opened(t: TestContext, files: Readonly<Record<string, string>>) {
  const root = await mkdtemp(join(tmpdir(), "sluice-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
  const store = new Store();
  const faults: Error[] = [];
  const thread = startFolderThread({ paths: [root], watch: "changes" });
  const source = new WorkerSource({ thread, store, onFault: (error) => faults.push(error) });
  t.after(() => source.close());
  await source.start();
  const until = (passes: (state: StoreState) => boolean) =>
    new Promise<StoreState>((resolve) => {
      const stop = store.subscribe((state) => {
        if (!passes(state)) return;
        stop();
        resolve(state);
      });
    });
  const replace = async (name: string, text: string) => {
    await writeFile(join(root, `${name}.new`), text);
    await rename(join(root, `${name}.new`), join(root, name));
  };
  return { root, store, source, thread, faults, until, replace };
}

const pointers = ["", "/metadata", "/metadata/name", "/spec/ports/0/port", "/spec/ports/0/protocol", "/spec/ports/7/x"];

/** Everything that a snapshot says of its Services, with positions. */
const servicesOf = ({ snapshot }: Pick<StoreState, "snapshot">) =>
  snapshot
    .list("Service")
    .map(({ origin, ...plain }) => ({ plain, positions: pointers.map((pointer) => origin?.at(pointer)) }));

test("WorkerSource gives what reading the files on this thread gives, positions and findings too", async (t) => {
  const { root, store } = await opened(t, {
    "a.yaml": `# one\n${service("a", 1)}---\n${service("b", 2)}`,
    "broken.yaml": `${service("c", 3)}---\nkind: [`,
    "list.yaml": longList,
    "list.json": JSON.stringify({ apiVersion: "v1", kind: "List", items: [{ apiVersion: "v1", kind: "Unheard" }] }),
  });
  const direct = await loadPaths([root]);
  assert.deepEqual(servicesOf(store.state), servicesOf(direct));
  assert.deepEqual(store.state.findings, direct.findings);
  assert.equal(store.state.snapshot.list("Service").length, 1503);
  assert.ok(Object.isFrozen(store.state.snapshot.get("Service", "default", "s7")?.spec));
});

test("WorkerSource: an object that did not change keeps its identity, and its position moves with its text", async (t) => {
  const { store, until, replace } = await opened(t, {
    "a.yaml": `${service("a", 1)}---\n${service("b", 2)}`,
    "c.yaml": service("c", 3),
  });
  const before = store.state.snapshot;
  const changed = until(({ snapshot }) => snapshot.get("Service", "default", "a")?.spec.ports?.[0]?.port === 9);
  await replace("a.yaml", `# a line more\n${service("a", 9)}---\n${service("b", 2)}`);
  const { snapshot } = await changed;
  for (const name of ["b", "c"]) {
    assert.equal(snapshot.get("Service", "default", name), before.get("Service", "default", name));
  }
  assert.equal(snapshot.get("Service", "default", "b")?.origin?.at("/metadata/name").line, 11);
});

test("WorkerSource.reload takes away at once what is gone, and changes nothing when nothing changed", async (t) => {
  const { root, store, source } = await opened(t, { "a.yaml": service("a", 1), "b.yaml": service("b", 2) });
  const before = store.state;
  await source.reload();
  assert.equal(store.state, before);
  await rm(join(root, "a.yaml"));
  await source.reload();
  assert.deepEqual(
    store.state.snapshot.list("Service").map(({ metadata }) => metadata.name),
    ["b"],
  );
});

test("WorkerSource: a thread that fails leaves the store as it is, and says so", async (t) => {
  const { store, source, thread, faults } = await opened(t, { "a.yaml": service("a", 1) });
  const before = store.state;
  thread.emit("error", new Error("out of memory"));
  assert.deepEqual(
    faults.map(({ message }) => message),
    ["out of memory"],
  );
  await assert.rejects(source.reload(), /out of memory/);
  assert.equal(store.state, before);
});
