import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createLogger } from "../telemetry/log.ts";
import { digestOf } from "./digest.ts";
import type { PlaneState } from "./protocol.ts";
import { StateFile } from "./state-file.ts";

const stateOf = (turn: number): PlaneState => ({
  routing: { gateways: [], clusters: {} },
  endpoints: {},
  secrets: { "shop/tls": { kind: "certificate", keyPem: "the key" } as never },
  settings: { tenantLabel: `team${turn}` },
});
const held = (turn: number) => {
  const state = stateOf(turn);
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

test("StateFile: a change is added to what is there, and the newest state is loaded from both", async (t) => {
  const { directory, path, file, lines } = await setUp(t);
  for (const hops of [1, 2, 3]) {
    file.save(held(hops));
    await file.flush();
  }
  const text = await readFile(path, "utf8");
  assert.equal(text.split("\n").length, 5, "the format, the state, two changes and the end of the last");
  assert.equal(text.split("the key").length, 2, "what did not change is there once");
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const log = createLogger({ write: (line) => lines.push(line), level: "debug" });
  const restarted = new StateFile({ directory, log });
  assert.equal((await restarted.load())?.hash, held(3).hash);
  restarted.save(held(3));
  await restarted.flush();
  assert.equal(await readFile(path, "utf8"), text, "what is saved already is not written again");
  restarted.save(held(4));
  await restarted.flush();
  assert.ok((await readFile(path, "utf8")).startsWith(text));
  assert.equal((await restarted.load())?.hash, held(4).hash);
  assert.deepEqual(lines, []);
});

test("StateFile: a change that was cut off or is broken is left out with what follows it, and told about", async (t) => {
  const { path, file, lines } = await setUp(t);
  for (const hops of [1, 2, 3]) {
    file.save(held(hops));
    await file.flush();
  }
  const text = await readFile(path, "utf8");
  const records = text.split("\n");
  const cases = [
    { text: text.slice(0, -1), left: 2 },
    { text: text.slice(0, -30), left: 2 },
    { text: text.replace(/("value":"team)3/, "$19"), left: 2 },
    { text: text.replace(/("value":"team)2/, "$19"), left: 1 },
    { text: [...records.slice(0, 2), records[3], ""].join("\n"), left: 1 },
    { text: [...records.slice(0, 3), records[2], ""].join("\n"), left: 2 },
  ];
  for (const { text: broken, left } of cases) {
    lines.length = 0;
    assert.notEqual(broken, text);
    await writeFile(path, broken);
    assert.equal((await file.load())?.hash, held(left).hash);
    assert.match(lines.join(""), /end of the saved state is broken/);
    file.save(held(left));
    await file.flush();
    lines.length = 0;
    assert.equal((await file.load())?.hash, held(left).hash);
    assert.deepEqual(lines, [], "it is whole again");
  }
});

test("StateFile: when changes outgrow the state, it is written whole again", async (t) => {
  const { path, file } = await setUp(t);
  const wide = (count: number) => {
    const labels = Array.from({ length: count }, (_, index) => [`k${index}`, "v".repeat(5_000)]);
    const state = { ...stateOf(count), endpoints: Object.fromEntries(labels) };
    return { hash: digestOf(state), state };
  };
  let largest = 0;
  for (let round = 0; round < 200; round++) {
    file.save(wide(round % 2 === 0 ? 3 : 4));
    await file.flush();
    largest = Math.max(largest, (await stat(path)).size);
    assert.equal((await file.load())?.state.settings.tenantLabel, round % 2 === 0 ? "team3" : "team4");
  }
  assert.ok(largest > 200_000, "it grew by changes");
  assert.ok(largest < 400_000, "it stayed within the bound");
});

test("StateFile: a file that another has replaced is not added to", async (t) => {
  const { directory, path, file, lines } = await setUp(t);
  file.save(held(1));
  await file.flush();
  const other = join(directory, "other");
  await writeFile(other, await readFile(path));
  const before = await readFile(other, "utf8");
  await rm(path);
  await symlink(other, path);
  file.save(held(2));
  await file.flush();
  assert.equal(await readFile(other, "utf8"), before);
  assert.equal((await file.load())?.hash, held(2).hash);
  await rm(path);
  file.save(held(3));
  await file.flush();
  assert.equal((await file.load())?.hash, held(3).hash);
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
  assert.equal((await file.load())?.state.settings.tenantLabel, "team2");
});

test("StateFile: a broken or foreign file is told about, quotes nothing, and is replaced by the next state", async (t) => {
  const { path, file, lines } = await setUp(t);
  file.save(held(1));
  await file.flush();
  const good = await readFile(path, "utf8");
  const broken = [
    "",
    "{}",
    good.slice(0, -2),
    good.replace("team1", "team9"),
    good.replace("sluice-state 2", "sluice-state 1"),
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
