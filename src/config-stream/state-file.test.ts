import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createLogger } from "../telemetry/log.ts";
import { digestOf } from "./digest.ts";
import type { PlaneState } from "./protocol.ts";
import { StateFile } from "./state-file.ts";

const stateOf = (trustedHops: number): PlaneState => ({
  routing: { gateways: [], clusters: {} },
  endpoints: {},
  secrets: { "shop/tls": { kind: "certificate", keyPem: "the key" } as never },
  settings: { trustedHops },
});
const held = (trustedHops: number) => {
  const state = stateOf(trustedHops);
  return { hash: digestOf(state), state };
};

async function setUp(t: TestContext) {
  const parent = await mkdtemp(join(tmpdir(), "sluice-test-"));
  t.after(() => rm(parent, { recursive: true }));
  const directory = join(parent, "state");
  const lines: string[] = [];
  const log = createLogger({ write: (line) => lines.push(line), level: "debug" });
  return { directory, path: join(directory, "state.json"), lines, file: new StateFile({ directory, log }) };
}

test("StateFile: what was saved is loaded, for the owner alone, and nothing is left beside it", async (t) => {
  const { directory, path, file, lines } = await setUp(t);
  assert.equal(await file.load(), undefined);
  file.save(held(1));
  file.save(held(2));
  await file.flush();
  const { savedMs, ...saved } = (await file.load())!;
  assert.deepEqual(saved, held(2));
  assert.ok(Math.abs(savedMs - Date.now()) < 60_000);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  assert.deepEqual(await readdir(directory), ["state.json"]);
  assert.deepEqual(lines, []);
});

test("StateFile: changes are written together, at most every three seconds", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { directory, file } = await setUp(t);
  file.save(held(1));
  t.mock.timers.tick(2_999);
  file.save(held(2));
  await assert.rejects(readdir(directory), /ENOENT/);
  t.mock.timers.tick(1);
  await file.flush();
  assert.equal((await file.load())?.state.settings.trustedHops, 2);
});

test("StateFile: a broken or foreign file is told about, quotes nothing, and is replaced by the next state", async (t) => {
  const { path, file, lines } = await setUp(t);
  file.save(held(1));
  await file.flush();
  const good = await readFile(path, "utf8");
  const broken = [
    "",
    "{}",
    good.slice(0, -1),
    good.replace('"trustedHops":1', '"trustedHops":9'),
    good.replace("sluice-state 1", "sluice-state 2"),
  ];
  for (const text of broken) {
    lines.length = 0;
    await writeFile(path, text);
    assert.equal(await file.load(), undefined, text.slice(0, 40));
    assert.match(lines.join(""), /cannot be used/);
    assert.doesNotMatch(lines.join(""), /the key/);
  }
  file.save(held(3));
  await file.flush();
  assert.equal((await file.load())?.hash, held(3).hash);
});

test("StateFile: a folder that cannot be written is told about and harms nothing", async (t) => {
  const { directory, lines, file } = await setUp(t);
  await writeFile(directory, "a file where the folder should be");
  file.save(held(1));
  await file.flush();
  assert.match(lines.join(""), /cannot be saved/);
  assert.equal(await file.load(), undefined);
});

test("StateFile: a folder that was there keeps its rights, and nothing is written through a link that lies in the way", async (t) => {
  const { directory, path, file, lines } = await setUp(t);
  await mkdir(directory, { mode: 0o755 });
  const other = join(directory, "other");
  await writeFile(other, "another's");
  await symlink(other, `${path}.new`);
  file.save(held(1));
  await file.flush();
  assert.deepEqual(lines, []);
  assert.equal((await stat(directory)).mode & 0o777, 0o755);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal(await readFile(other, "utf8"), "another's");
  assert.equal((await file.load())?.hash, held(1).hash);
});
