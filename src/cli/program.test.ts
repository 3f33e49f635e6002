import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { run } from "../../test/cli/run-program.ts";
import { renderFlagsReference } from "../../tools/reference/flags.ts";
import { commandGroups, commands } from "./commands.ts";
import { shells } from "./completion.ts";
import { commandNames, flags, flagsOf, wordsOf } from "./flags.ts";

test("runProgram() without arguments prints the commands and exits 0", async () => {
  const { code, out, err } = await run();
  assert.deepEqual([code, err], [0, ""]);
  for (const name of commandNames) {
    if (wordsOf(name).group !== undefined) continue;
    assert.match(out, new RegExp(`^ {2}${name} .*${commands[name].summary.slice(0, 20)}`, "m"));
  }
  for (const group of Object.keys(commandGroups)) assert.match(out, new RegExp(`^ {2}${group} COMMAND`, "m"));
});

for (const group of Object.keys(commandGroups)) {
  test(`sluice ${group} --help lists the commands of the group`, async () => {
    const { code, out } = await run(group, "--help");
    assert.equal(code, 0);
    for (const name of commandNames)
      if (wordsOf(name).group === group) assert.match(out, new RegExp(`^ {2}${wordsOf(name).word} `, "m"));
  });

  test(`sluice ${group} alone exits 2 and shows the help`, async () => {
    const { code, out, err } = await run(group);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, new RegExp(`^Usage: sluice ${group} COMMAND`));
  });
}

for (const name of commandNames) {
  test(`sluice ${name} --help has a purpose, every flag, examples and exit codes`, async () => {
    const { code, out } = await run(...name.split(" "), "--help");
    assert.equal(code, 0);
    assert.ok(out.includes(commands[name].summary.split(",")[0] ?? ""));
    for (const key of flagsOf(name)) assert.ok(out.includes(flags[key].long), flags[key].long);
    for (const { line } of commands[name].examples) assert.ok(out.includes(line), line);
    for (const exitCode of commands[name].exitCodes) assert.ok(out.includes(exitCode), exitCode);
  });
}

const mistakes: readonly { readonly argv: readonly string[]; readonly says: RegExp }[] = [
  { argv: ["chekc"], says: /^sluice: unknown command 'chekc'\n\(Did you mean check\?\)/ },
  {
    argv: ["run", "--adopt-clases", "x"],
    says: /^sluice: unknown option '--adopt-clases'\n\(Did you mean --adopt-classes\?\)\nTry: sluice run --help/,
  },
  {
    argv: ["migrate", "inventry"],
    says: /^sluice: unknown command 'inventry'\n\(Did you mean inventory\?\)\nTry: sluice migrate --help/,
  },
  { argv: ["run"], says: /^sluice: missing required argument 'PATH'/ },
  {
    argv: ["run", "x", "--map-port", "80"],
    says: /"80" is not a port mapping\. Write the listener's port, a colon and the local port, such as 80:8080\./,
  },
  { argv: ["run", "x", "--proxy-protocol-from", "10.0.0.0/40"], says: /"10.0.0.0\/40" is not a range of addresses/ },
  { argv: ["run", "x", "--map-port", "80:99999"], says: /"80:99999" is not a port mapping/ },
  { argv: ["run", "x", "--admin", "nonsense"], says: /"nonsense" is not an address/ },
  { argv: ["run", "x", "--trusted-hops", "-1"], says: /"-1" is not a number from 0 to 32/ },
  { argv: ["check", "x", "-o", "table"], says: /"table" is not one of text, json, yaml, github\./ },
  { argv: ["explain", "x", "--header", "no-colon"], says: /"no-colon" is not a header/ },
  { argv: ["explain", "x", "--scheme", "ftp"], says: /"ftp" is not one of http, https/ },
  { argv: ["completion", "tcsh"], says: /There is no completion for "tcsh"\. Give one of bash, zsh, fish\./ },
];

for (const { argv, says } of mistakes) {
  test(`sluice ${argv.join(" ")} exits 2 and says what to write`, async () => {
    const { code, out, err } = await run(...argv);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, says);
    assert.doesNotMatch(err, /\n {4}at /);
  });
}

test("sluice version prints the three versions, also as data", async () => {
  assert.match((await run("version")).out, /^sluice \d+\.\d+\.\d+ \(Gateway API v1\.7\.0, Node \d+\.\d+\.\d+\)\n$/);
  for (const flag of ["--version", "-V"]) {
    assert.deepEqual(await run(flag), await run("version"));
  }
  assert.deepEqual(Object.keys(JSON.parse((await run("version", "-o", "json")).out)), ["sluice", "gatewayApi", "node"]);
  assert.match((await run("version", "-o", "yaml")).out, /^sluice: \d/);
});

test("completion scripts name every command and flag", () => {
  for (const [shell, render] of Object.entries(shells)) {
    const script = render();
    for (const name of commandNames)
      for (const word of name.split(" ")) assert.ok(script.includes(word), `${shell}: ${name}`);
    for (const { long } of Object.values(flags))
      assert.ok(script.includes(shell === "fish" ? `-l ${long.slice(2)}` : long), `${shell}: ${long}`);
  }
});

const bash = spawnSync("bash", ["--version"]).status === 0;
test("the bash completion offers flags, values and commands", { skip: bash ? false : "bash is not installed" }, () => {
  const complete = (line: string) => {
    const words = line.split(" ");
    const script = `${shells.bash()}\nCOMP_WORDS=(${words.map((word) => `"${word}"`).join(" ")}) COMP_CWORD=${words.length - 1}\n_sluice\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", script], { cwd: import.meta.dirname })
      .toString()
      .trim()
      .split("\n")
      .sort();
  };
  assert.deepEqual(complete("sluice ch"), ["check"]);
  assert.deepEqual(complete("sluice check -o "), ["github", "json", "text", "yaml"]);
  assert.deepEqual(complete("sluice run --map"), ["--map-port"]);
  assert.deepEqual(complete("sluice run program.t"), ["program.test.ts", "program.ts"]);
  assert.deepEqual(complete("sluice completion f"), ["fish"]);
  assert.deepEqual(complete("sluice mig"), ["migrate"]);
  assert.deepEqual(complete("sluice migrate inv"), ["inventory"]);
  assert.deepEqual(complete("sluice migrate inventory --out"), ["--output"]);
});

test("renderFlagsReference() has a section for each command and a row for each of its flags", () => {
  const page = renderFlagsReference();
  for (const name of commandNames) {
    const section = page.split(`\n## sluice ${name}`)[1]?.split("\n## ")[0] ?? "";
    for (const key of flagsOf(name)) assert.ok(section.includes(flags[key].long), `${name} ${flags[key].long}`);
  }
});

test("flags: no two flags of one command share a name", () => {
  for (const name of commandNames) {
    const names = flagsOf(name).flatMap((key) => [flags[key].long, flags[key].short ?? []].flat());
    assert.equal(new Set(names).size, names.length, name);
  }
});
