import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** What swaps, key material, filters and tables look like to clients; the others can be run so by hand. */
const files = ["engine-reload", "tls-clients", "session-persistence", "listener-filters"];

test("stream: a plane that is fed by the stream's messages passes the tests of the embedded plane", async () => {
  const paths = files.map((file) => fileURLToPath(new URL(`../plane/${file}.test.ts`, import.meta.url)));
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const run = spawn(process.execPath, ["--test", "--test-reporter=tap", ...paths], {
    env: { ...environment, SLUICE_TEST_FEED: "stream" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await Promise.all([run.stdout.toArray(), once(run, "close")]);
  const text = Buffer.concat(output as Buffer[]).toString();
  assert.equal(
    run.exitCode,
    0,
    text
      .split("\n")
      .filter((line) => line.startsWith("not ok"))
      .join("\n"),
  );
  assert.match(text, /^# pass [1-9]/m);
});
