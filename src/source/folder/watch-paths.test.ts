import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { watchPaths } from "./watch-paths.ts";

test("watchPaths: closing ends the wait for a folder that is not watched yet", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "sluice-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const watcher = watchPaths({ onChange: () => {}, files: [] });
  const added = watcher.setFolders([root]);
  await watcher.close();
  assert.equal(await added, true);
});
