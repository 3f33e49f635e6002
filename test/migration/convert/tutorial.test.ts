/** The tutorial of `examples/migration`: what is there as converted is what the command writes, is valid, and is served. */
import assert from "node:assert/strict";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { repository, sluice } from "../../cli/sluice-process.ts";

const example = join(repository, "examples/migration");
const files = (folder: string) => globSync("**/*.yaml", { cwd: folder }).sort();
const read = (folder: string) => files(folder).map((file) => [file, readFileSync(join(folder, file), "utf8")]);

test("`after` is what the command makes of `before`, and converting again changes nothing", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-tutorial-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const written = await sluice(["migrate", "convert", join(example, "before"), "--to", folder]);
  assert.equal(written.code, 0, written.err);
  assert.deepEqual(read(folder), read(join(example, "after")));

  cpSync(join(example, "after"), folder, { recursive: true });
  await sluice(["migrate", "convert", join(example, "before"), "--to", folder]);
  assert.deepEqual(read(folder), read(join(example, "after")));
});

test("check finds nothing wrong with `after`", async () => {
  const flags = ["--adopt-classes", "--stub-backends", "--self-signed"];
  const { code, out } = await sluice(["check", join(example, "after"), "--strict", ...flags]);
  assert.equal(code, 0, out);
});

test("explain names the rules that the README tells of", async () => {
  const explain = (...request: readonly string[]) =>
    sluice(["explain", join(example, "after"), "--adopt-classes", "--stub-backends", "--self-signed", ...request]);
  const reports = await explain("--url", "http://admin.example.com/Reports/today");
  assert.equal(reports.code, 0, reports.out);
  assert.match(reports.out, /admin-route/);
  const next = await explain("--url", "https://shop.example.com/", "--header", "x-next:always");
  assert.match(next.out, /shop-next/);
  const redirected = await explain("--url", "http://shop.example.com/");
  assert.match(redirected.out, /308|https-redirect/);
});
