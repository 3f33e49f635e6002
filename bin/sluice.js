#!/usr/bin/env node
// Runs on any Node that has modules, so that an old one is told what it lacks instead of failing on syntax.
var major = Number(process.versions.node.split(".")[0]);
if (major >= 24) {
  import("../dist/main.js");
} else {
  process.stderr.write(
    "sluice needs Node 24 or newer; this is Node " +
      process.versions.node +
      ". Install a newer one from https://nodejs.org, or run it with: npx -p node@24 -p sluice sluice\n",
  );
  process.exitCode = 1;
}
