import type { Terminal } from "../../src/cli/command.ts";
import { runProgram } from "../../src/cli/program.ts";

/** Runs a command line in this process: its exit status, and what it wrote. */
export async function run(...argv: readonly string[]) {
  const written = { out: "", err: "" };
  const terminal: Terminal = {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    color: false,
    errColor: false,
  };
  const code = await runProgram(argv, terminal);
  return { code, ...written };
}
