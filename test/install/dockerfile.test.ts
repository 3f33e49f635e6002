import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { matchesGlob } from "node:path";
import { test } from "node:test";
import { ports, userId } from "../../src/install/names.ts";

const root = new URL("../..", import.meta.url).pathname;
const instructions = readFileSync(`${root}Dockerfile`, "utf8")
  .replaceAll("\\\n", " ")
  .split("\n")
  .filter((line) => line.trim() !== "" && !line.startsWith("#"))
  .map((line) => ({ name: line.split(" ", 1)[0] ?? "", text: line.slice(line.indexOf(" ") + 1).trim() }));
const named = (name: string): readonly string[] =>
  instructions.filter((one) => one.name === name).map(({ text }) => text);

test("the base of the image is pinned to an exact version, the one that the project is tested with", () => {
  const pinned = named("ARG").map(
    (text) => /^NODE=node:(\d+\.\d+\.\d+)-[a-z]+-slim(@sha256:[0-9a-f]{64})?$/.exec(text)?.[1],
  );
  const { devDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  assert.deepEqual(pinned, [devDependencies.node]);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is Docker's
  assert.deepEqual(named("FROM"), ["${NODE} AS build", "scratch"]);
});

test("the image leaves out what only reads kubeconfigs, and it alone is optional", () => {
  const { optionalDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  assert.deepEqual(Object.keys(optionalDependencies), ["@kubernetes/client-node"]);
  assert.ok(named("RUN").some((text) => text.includes("npm prune --omit=dev --omit=optional")));
});

test("the image runs as a number that is not root's, without a shell", () => {
  assert.deepEqual(named("USER"), [`${userId}:${userId}`]);
  assert.equal(named("ENTRYPOINT").length, 1);
  assert.ok(Array.isArray(JSON.parse(named("ENTRYPOINT")[0] ?? "")));
  assert.deepEqual(named("EXPOSE"), [Object.values(ports).join(" ")]);
});

test("the Dockerfile adds nothing from elsewhere, and what it copies is there and is sent to the builder", () => {
  const known = ["ARG", "FROM", "WORKDIR", "COPY", "RUN", "LABEL", "ENV", "USER", "EXPOSE", "ENTRYPOINT"];
  for (const { name } of instructions) assert.ok(known.includes(name), name);
  assert.doesNotMatch(instructions.map(({ text }) => text).join("\n"), /:latest|curl|wget|apt-get/);
  const sent = readFileSync(`${root}.dockerignore`, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("!"))
    .map((line) => line.slice(1));
  const sources = named("COPY")
    .filter((text) => !text.startsWith("--from="))
    .flatMap((text) => text.split(" ").slice(0, -1));
  for (const source of sources) {
    assert.ok(existsSync(root + source), source);
    assert.ok(
      sent.some((pattern) => matchesGlob(source, pattern)),
      `${source} is not sent`,
    );
  }
});
