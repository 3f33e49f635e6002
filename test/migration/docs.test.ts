import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { commandNames, longFlagsOf } from "../../src/cli/flags.ts";

const folder = new URL("../../docs/migration/", import.meta.url);

for (const file of globSync("*.md", { cwd: folder })) {
  test(`docs/migration/${file}: its commands have the flags that it gives them`, () => {
    const text = readFileSync(new URL(file, folder), "utf8");
    for (const [line, name = ""] of text.matchAll(/sluice (migrate [a-z]+)[^\n`|]*/g)) {
      const command = commandNames.find((each) => each === name);
      assert.ok(command, line);
      const known = longFlagsOf(command);
      for (const [flag] of line.matchAll(/--[a-z][a-z-]+/g)) assert.ok(known.includes(flag), line);
    }
  });

  test(`docs/migration/${file}: its links lead somewhere`, () => {
    const text = readFileSync(new URL(file, folder), "utf8");
    for (const [, target = ""] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g))
      if (!target.startsWith("http")) readFileSync(new URL(target, new URL(file, folder)));
  });
}
